import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import { type WebSocket, WebSocketServer } from "ws"
import { PAYLOAD_LIMIT, type Receiver, SUBPROTOCOL, type Wire } from "./protocol/index.ts"

export interface ListenerOptions {
  readonly host: string
  readonly port: number
  /** Takes the connection of an agent that has proved who it is; undefined when nobody here waits for it. */
  readonly admit: (subject: string, run: number, token: string) => "unknown" | "forbidden" | ((wire: Wire) => Receiver)
  /** How often an idle connection is asked for a sign of life; three missed ones end it. */
  readonly pingMillis: number
}

const PATH = /^\/v1\/agents\/([0-9a-zA-Z_.-]{1,128})\/(\d{1,9})$/
/** An agent that does not finish its upgrade within this time is cut. */
const HEADER_TIMEOUT_MILLIS = 10_000

const refuse = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

const carry = (socket: WebSocket, connect: (wire: Wire) => Receiver, pingMillis: number): void => {
  const receiver = connect({
    send: (message) => socket.send(message),
    // 4000: the application ends it. A peer that is gone never answers a close.
    close: (reason) => {
      socket.close(4000, Buffer.from(reason).subarray(0, 120))
      setTimeout(() => socket.terminate(), 2000).unref()
    }
  })
  let missed = 0
  const alive = () => {
    missed = 0
  }
  const timer = setInterval(() => {
    missed += 1
    if (missed > 3) return socket.terminate()
    socket.ping()
  }, pingMillis)
  socket.on("pong", alive)
  socket.on("message", (message: Buffer, isBinary) => {
    alive()
    if (isBinary) receiver.message(message)
    else socket.close(1003)
  })
  // The close that follows says all that matters; without a listener an error would end the process.
  socket.on("error", (error) => receiver.closed(error.message))
  socket.on("close", (_, reason) => {
    clearInterval(timer)
    receiver.closed(reason.toString() || "the connection was closed")
  })
}

/** Accepts agents that dial back. */
export class AgentListener {
  readonly #server: Server
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: PAYLOAD_LIMIT + 64,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false)
  })
  readonly #options: ListenerOptions

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#server = createServer({ headersTimeout: HEADER_TIMEOUT_MILLIS }, (_, response) => {
      response.writeHead(404).end()
    })
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Listens and returns the port. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject)
      this.#server.listen(this.#options.port, this.#options.host, () => {
        this.#server.off("error", reject)
        const address = this.#server.address() as AddressInfo
        resolve(address.port)
      })
    })
  }

  close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const onError = (error: Error) => socket.destroy(error)
    socket.on("error", onError)
    const [, subject = "", run = ""] = PATH.exec(request.url ?? "") ?? []
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? ""
    if (subject === "") return refuse(socket, "404 Not Found")
    const admitted = this.#options.admit(subject, Number(run), token)
    if (admitted === "forbidden") return refuse(socket, "401 Unauthorized")
    if (admitted === "unknown") return refuse(socket, "503 Service Unavailable")
    this.#sockets.handleUpgrade(request, socket, head, (upgraded) => {
      socket.off("error", onError)
      ;(socket as Socket).setNoDelay?.(true)
      carry(upgraded, admitted, this.#options.pingMillis)
    })
  }
}

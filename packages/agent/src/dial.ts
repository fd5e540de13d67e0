import type { AgentSession, Wire } from "@sockerless/agent-link/protocol"
import { PAYLOAD_LIMIT, SUBPROTOCOL } from "@sockerless/agent-link/protocol"
import { WebSocket } from "ws"

export interface DialOptions {
  readonly callbacks: ReadonlyArray<string>
  readonly subject: string
  readonly run: number
  readonly token: string
  readonly certificateAuthority: string | undefined
  readonly pingMillis: number
}

const FIRST_WAIT_MILLIS = 50
const LONGEST_WAIT_MILLIS = 30_000
const CONNECT_MILLIS = 10_000

/** Connects once; resolves with what ended the connection. */
const once = (url: string, session: AgentSession, options: DialOptions): Promise<{ readonly opened: boolean }> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${url}/v1/agents/${options.subject}/${options.run}`, SUBPROTOCOL, {
      headers: { authorization: `Bearer ${options.token}` },
      handshakeTimeout: CONNECT_MILLIS,
      maxPayload: PAYLOAD_LIMIT + 64,
      perMessageDeflate: false,
      ...(options.certificateAuthority !== undefined && { ca: options.certificateAuthority })
    })
    let opened = false
    let missed = 0
    let timer: NodeJS.Timeout | undefined
    const wire: Wire = {
      send: (message) => socket.send(message),
      close: (reason) => {
        socket.close(4000, Buffer.from(reason).subarray(0, 120))
        setTimeout(() => socket.terminate(), 2000).unref()
      }
    }
    socket.on("open", () => {
      opened = true
      const receiver = session.connect(wire)
      socket.on("message", (message: Buffer) => {
        missed = 0
        receiver.message(message)
      })
      socket.on("pong", () => {
        missed = 0
      })
      socket.on("close", (_, reason) => receiver.closed(reason.toString() || "the connection was closed"))
      timer = setInterval(() => {
        missed += 1
        if (missed > 3) socket.terminate()
        else socket.ping()
      }, options.pingMillis)
    })
    // A failed dial is followed by close, and the next dial says it again if it lasts.
    socket.on("error", () => {})
    socket.on("close", () => {
      clearInterval(timer)
      resolve({ opened })
    })
  })

/** Keeps the session connected until `stop` is aborted: for ever, ever more slowly, and at once after a success. */
export const keepDialling = async (session: AgentSession, options: DialOptions, stop: AbortSignal): Promise<void> => {
  let wait = FIRST_WAIT_MILLIS
  for (let attempt = 0; !stop.aborted; attempt++) {
    const url = options.callbacks[attempt % options.callbacks.length] ?? ""
    const { opened } = await once(url, session, options)
    if (stop.aborted) return
    wait = opened ? FIRST_WAIT_MILLIS : Math.min(LONGEST_WAIT_MILLIS, wait * 2)
    const jittered = wait * (0.5 + Math.random() / 2)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, jittered)
      stop.addEventListener("abort", () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

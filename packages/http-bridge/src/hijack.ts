import type { Duplex } from "node:stream"
import type { TakenConnection } from "./connection.ts"
import type { HijackedReply } from "./reply.ts"

/** How long a client may take to close its side after the process has ended and all output was flushed. */
const lingerMillis = 500

const headOf = (reply: HijackedReply, upgraded: boolean, common: ReadonlyArray<string>) =>
  upgraded
    ? ["HTTP/1.1 101 UPGRADED", `Content-Type: ${reply.upgradedType}`, "Connection: Upgrade", "Upgrade: tcp", ...common]
    : ["HTTP/1.1 200 OK", `Content-Type: ${reply.plainType}`, ...common]

const feedInput = (socket: Duplex, input: HijackedReply["input"]) => {
  if (input === undefined) {
    socket.resume()
    return
  }
  // A process that closed its stdin must not end the output: drop what it no longer reads.
  input.on("error", () => {
    socket.unpipe(input)
    socket.resume()
  })
  input.on("close", () => {
    socket.unpipe(input)
    socket.resume()
  })
  socket.pipe(input)
}

/**
 * Joins a taken connection with a process until both are done. The client's half-close is stdin's end and nothing
 * else; the end of the output closes our side, then the socket. Resolves when the socket is closed.
 */
export const runHijacked = (
  connection: TakenConnection,
  reply: HijackedReply,
  commonHeaders: ReadonlyArray<string>
): Promise<void> =>
  new Promise((resolve) => {
    const { socket, upgraded } = connection
    const { output, input } = reply
    socket.on("error", () => socket.destroy())
    output.on("error", () => socket.end())
    socket.on("close", () => {
      output.destroy()
      input?.destroy()
      resolve()
    })
    if (socket.destroyed) {
      output.destroy()
      input?.destroy()
      resolve()
      return
    }
    socket.write(`${headOf(reply, upgraded, commonHeaders).join("\r\n")}\r\n\r\n`)
    feedInput(socket, input)
    output.pipe(socket, { end: false })
    const finish = () =>
      socket.end(() => {
        socket.resume()
        setTimeout(() => socket.destroy(), lingerMillis).unref()
        if (socket.readableEnded) socket.destroy()
        else socket.once("end", () => socket.destroy())
      })
    output.once("end", finish)
    output.once("close", () => {
      if (!output.readableEnded) finish()
    })
  })

import { connect } from "node:net"

/** What a slow or silent client got. */
export interface Trickled {
  readonly text: string
  readonly seconds: number
}

const DEADLINE_MILLIS = 60_000

/**
 * Sends the first bytes at once, then `drops` one by one for as long as the connection stands. Ends when the daemon
 * closes it, which it must.
 */
export const trickle = (
  socketPath: string,
  first: string,
  drops?: { readonly bytes: string; readonly everyMillis: number }
): Promise<Trickled> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const socket = connect(socketPath)
    let text = ""
    let sent = 0
    const timer = setInterval(() => {
      if (drops !== undefined) socket.write(drops.bytes[sent++ % drops.bytes.length] ?? "")
    }, drops?.everyMillis ?? DEADLINE_MILLIS)
    const deadline = setTimeout(() => {
      clearInterval(timer)
      socket.destroy()
      reject(new Error(`still connected after ${DEADLINE_MILLIS} ms; received: ${text}`))
    }, DEADLINE_MILLIS)
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1")
    })
    // The daemon may close while we still send.
    socket.on("error", () => undefined)
    socket.once("close", () => {
      clearInterval(timer)
      clearTimeout(deadline)
      resolve({ text, seconds: (performance.now() - start) / 1000 })
    })
    if (first !== "") socket.write(first)
  })

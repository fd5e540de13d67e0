import { connect } from "node:net"

/** What came back on a socket until it closed or the time was over. */
export interface RawReply {
  readonly status: number
  readonly text: string
  readonly closed: boolean
  readonly millis: number
}

/** Sends these exact bytes and gives what comes back: for requests that no HTTP library would send. */
export const rawRequest = (
  place: { readonly path: string } | { readonly host: string; readonly port: number },
  bytes: string | Buffer,
  options: { readonly millis?: number; readonly endAfterSend?: boolean } = {}
): Promise<RawReply> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const chunks: Array<Buffer> = []
    const socket = connect(place)
    const end = (closed: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      const text = Buffer.concat(chunks).toString("latin1")
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0)
      resolve({ status, text, closed, millis: performance.now() - start })
    }
    const timer = setTimeout(() => end(false), options.millis ?? 2000)
    socket.once("connect", () => {
      socket.write(bytes)
      if (options.endAfterSend === true) socket.end()
    })
    socket.on("data", (chunk: Buffer) => chunks.push(chunk))
    socket.once("close", () => end(true))
    socket.once("error", (error: NodeJS.ErrnoException) => {
      // A server may cut the connection after its answer while we still send.
      if (chunks.length > 0 || error.code === "ECONNRESET" || error.code === "EPIPE") end(true)
      else reject(error)
    })
  })

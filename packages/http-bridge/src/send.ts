import { Effect, Exit, Stream } from "effect"
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { pourOut } from "./pour-out.ts"
import type { Reply, ReplyHeaders } from "./reply.ts"

const bodiless = (status: number) => status === 204 || status === 304

/** Writes one piece; waits for the client when its buffer is full, and ends quietly when the client is gone. */
const write = (response: ServerResponse, piece: string | Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (response.destroyed || response.write(piece)) {
      resume(Effect.void)
      return
    }
    const done = () => {
      response.off("drain", done)
      response.off("close", done)
      resume(Effect.void)
    }
    response.on("drain", done)
    response.on("close", done)
    return Effect.sync(() => {
      response.off("drain", done)
      response.off("close", done)
    })
  })

const sendLive = async (
  response: ServerResponse,
  body: Stream.Stream<string | Uint8Array>,
  signal: AbortSignal
): Promise<void> => {
  response.flushHeaders()
  const exit = await Effect.runPromiseExit(
    Stream.runForEachArray(body, (pieces) =>
      pieces.every((piece) => typeof piece === "string")
        ? write(response, pieces.join(""))
        : Effect.forEach(pieces, (piece) => write(response, piece), { discard: true })
    ),
    { signal }
  )
  if (Exit.isSuccess(exit)) response.end()
  else response.destroy()
}

const hasUnreadBody = (request: IncomingMessage) =>
  !request.complete &&
  (request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0)

/** How long a client may go on sending after it was refused: most read the answer only when they have sent all. */
const drainMillis = 2000

/** Swallows what is still sent, for a bounded time: a connection cut while it is written to loses the answer. */
const drained = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, drainMillis)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    request.once("end", done)
    request.once("close", done)
    request.resume()
  })

/** Sends a reply that stays within HTTP. A client that goes away ends it; that is not an error of ours. */
export const send = async (
  response: ServerResponse,
  reply: Exclude<Reply, { _tag: "Hijacked" }>,
  signal: AbortSignal
): Promise<void> => {
  if (response.destroyed || response.headersSent) {
    if (reply._tag === "Bytes") reply.body.destroy()
    return
  }
  // A body that nobody read would have to be swallowed before the connection could be used again.
  const unread = reply.status >= 400 && hasUnreadBody(response.req)
  if (unread) response.setHeader("Connection", "close")
  switch (reply._tag) {
    case "Whole":
      response.writeHead(
        reply.status,
        bodiless(reply.status)
          ? reply.headers
          : { "Content-Length": String(Buffer.byteLength(reply.body)), ...reply.headers }
      )
      if (unread) {
        response.write(reply.body)
        await drained(response.req)
      }
      await new Promise<void>((resolve) => {
        response.once("close", resolve)
        response.end(unread ? undefined : reply.body, resolve)
      })
      return
    case "Live":
      response.writeHead(reply.status, reply.headers)
      await sendLive(response, reply.body, signal)
      return
    case "Bytes":
      response.writeHead(reply.status, reply.headers)
      response.flushHeaders()
      await pourOut(reply.body, response)
  }
}

/** Sends a whole reply on a connection that was taken from the parser, and closes it. */
export const sendRaw = (
  socket: Duplex,
  reply: { readonly status: number; readonly headers: ReplyHeaders; readonly body: string | Buffer },
  common: ReplyHeaders
): void => {
  const length = Buffer.byteLength(reply.body)
  const headers = {
    ...common,
    ...reply.headers,
    ...(bodiless(reply.status) ? {} : { "Content-Length": String(length) }),
    Connection: "close"
  }
  socket.on("error", () => socket.destroy())
  socket.write(
    `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ""}\r\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}\r\n`
  )
  if (!bodiless(reply.status)) socket.write(reply.body)
  socket.resume()
  // Whether it is read or not: an answer that nobody takes must not keep the connection.
  const timer = setTimeout(() => socket.destroy(), drainMillis)
  socket.once("close", () => clearTimeout(timer))
  socket.end(() => setTimeout(() => socket.destroy(), 500).unref())
}

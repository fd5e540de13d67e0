import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import { Readable } from "node:stream"
import { BadRequest, BodyTooLarge } from "./faults.ts"

/** The largest JSON document a route reads. */
export const jsonLimitBytes = 8 * 1024 * 1024

/** How long a document may take to arrive after its head; clients send both at once. */
export const documentMillis = 10_000

/** The refusal of a document that is not whole in time. */
export const lateBody = (): BadRequest =>
  new BadRequest({ message: `the request body did not arrive within ${documentMillis / 1000} s` })

/** What a stream of a body holds between the socket and its reader. */
const streamHoldBytes = 1024 * 1024

/** Deeper nesting than any client sends; bounds the recursion of whoever walks the document. */
const depthLimit = 512

/** Reads a bounded body; fails with 413 as soon as the limit is passed, without keeping more, and when it is late. */
export const readBounded = (
  request: IncomingMessage,
  limitBytes: number = jsonLimitBytes
): Effect.Effect<Buffer, BodyTooLarge | BadRequest> =>
  Effect.callback((resume) => {
    if (Number(request.headers["content-length"] ?? 0) > limitBytes) {
      resume(Effect.fail(new BodyTooLarge({ limitBytes })))
      return
    }
    const parts: Array<Buffer> = []
    let length = 0
    const stop = () => {
      clearTimeout(timer)
      request.off("data", more)
      request.off("end", ended)
      request.off("close", cut)
      request.off("error", cut)
    }
    const timer = setTimeout(() => {
      stop()
      request.pause()
      resume(Effect.fail(lateBody()))
    }, documentMillis)
    const more = (chunk: Buffer) => {
      length += chunk.length
      if (length > limitBytes) {
        stop()
        request.pause()
        resume(Effect.fail(new BodyTooLarge({ limitBytes })))
        return
      }
      parts.push(chunk)
    }
    const ended = () => {
      stop()
      resume(Effect.succeed(Buffer.concat(parts)))
    }
    const cut = () => {
      stop()
      resume(Effect.fail(new BadRequest({ message: "unexpected EOF" })))
    }
    if (request.readableEnded) {
      ended()
      return
    }
    request.on("data", more)
    request.on("end", ended)
    request.on("close", cut)
    request.on("error", cut)
    return Effect.sync(stop)
  })

/**
 * A body of any length as a stream of its own: whoever gives up reading it does not cut the connection, so that the
 * answer can still go out. A client that goes away before the end is an error of the stream.
 */
export const bodyStream = (request: IncomingMessage): Readable => {
  const body = new Readable({
    highWaterMark: streamHoldBytes,
    read: () => void request.resume(),
    destroy: (error, done) => {
      request.off("data", more)
      request.off("end", ended)
      request.off("error", cut)
      request.off("close", cut)
      // Somebody must listen: a client may still go away.
      request.on("error", () => undefined)
      request.pause()
      done(error)
    }
  })
  const more = (chunk: Buffer) => {
    if (!body.push(chunk)) request.pause()
  }
  const ended = () => body.push(null)
  const cut = () => {
    if (!request.readableEnded) body.destroy(new Error("unexpected EOF"))
  }
  request.on("data", more)
  request.on("end", ended)
  request.on("error", cut)
  request.on("close", cut)
  request.pause()
  return body
}

const nestsTooDeep = (source: string) => {
  let depth = 0
  let inString = false
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (inString) {
      if (code === 92) at++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 91 || code === 123) {
      if (++depth > depthLimit) return true
    } else if (code === 93 || code === 125) depth--
  }
  return false
}

/** Parses one JSON document with Docker's texts: nothing may follow it, and it may not nest beyond reason. */
export const parseJson = (bytes: Buffer): Effect.Effect<unknown, BadRequest> =>
  Effect.suspend(() => {
    const source = bytes.toString("utf8")
    if (source.trim() === "") {
      return Effect.fail(new BadRequest({ message: "invalid JSON: got EOF while reading request body" }))
    }
    if (nestsTooDeep(source)) return Effect.fail(new BadRequest({ message: "invalid JSON: exceeded max depth" }))
    return Effect.try({
      try: (): unknown => JSON.parse(source),
      catch: (cause) => {
        const reason = cause instanceof Error ? cause.message : String(cause)
        return new BadRequest({
          message: /after JSON/.test(reason) ? "unexpected content after JSON" : `invalid JSON: ${reason}`
        })
      }
    })
  })

/** Refuses a body that does not say it is JSON, with dockerd's texts. An absent body needs no type. */
export const requireJsonType = (request: IncomingMessage, bodyLength: number): Effect.Effect<void, BadRequest> => {
  const given = request.headers["content-type"] ?? ""
  if (given === "" && bodyLength === 0) return Effect.void
  if (given === "") {
    return Effect.fail(new BadRequest({ message: "malformed Content-Type header (): mime: no media type" }))
  }
  return given.split(";")[0]?.trim().toLowerCase() === "application/json"
    ? Effect.void
    : Effect.fail(new BadRequest({ message: `unsupported Content-Type header (${given}): must be 'application/json'` }))
}

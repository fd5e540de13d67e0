import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"

/** A connection taken away from the HTTP parser: what came of the body so far, and the socket with the rest. */
export interface TakenConnection {
  readonly socket: Duplex
  readonly body: Buffer
  readonly upgraded: boolean
}

const declaredLength = (request: IncomingMessage) => {
  const length = Number(request.headers["content-length"] ?? 0)
  return Number.isSafeInteger(length) && length >= 0 ? length : 0
}

interface Split {
  readonly body: Buffer
  readonly rest: Buffer
}

const isChunked = (request: IncomingMessage) => /chunked/i.test(request.headers["transfer-encoding"] ?? "")

/**
 * Gives the body of one chunk-framed message out of bytes that only grow, or undefined when more are needed: each chunk
 * is looked at once.
 */
export const chunkReader = (): ((bytes: Buffer) => Split | undefined | "broken") => {
  const parts: Array<Buffer> = []
  let at = 0
  return (bytes) => {
    for (;;) {
      const lineEnd = bytes.indexOf("\r\n", at)
      if (lineEnd < 0) return bytes.length - at > 64 ? "broken" : undefined
      const sizeText = bytes.toString("latin1", at, lineEnd).split(";")[0]?.trim() ?? ""
      if (!/^[0-9a-f]{1,8}$/i.test(sizeText)) return "broken"
      const size = Number.parseInt(sizeText, 16)
      const dataEnd = lineEnd + 2 + size
      if (bytes.length < dataEnd + 2) return undefined
      if (bytes[dataEnd] !== 13 || bytes[dataEnd + 1] !== 10) return "broken"
      if (size === 0) return { body: Buffer.concat(parts), rest: bytes.subarray(dataEnd + 2) }
      // A copy: the growing buffer it stands in is made anew with every piece.
      parts.push(Buffer.from(bytes.subarray(lineEnd + 2, dataEnd)))
      at = dataEnd + 2
    }
  }
}

const splitter = (request: IncomingMessage, alreadyParsed: Buffer) => {
  const readChunks = chunkReader()
  return (raw: Buffer): Split | undefined | "broken" => {
    if (isChunked(request)) {
      const taken = readChunks(raw)
      return taken === undefined || taken === "broken"
        ? taken
        : { body: Buffer.concat([alreadyParsed, taken.body]), rest: taken.rest }
    }
    const missing = declaredLength(request) - alreadyParsed.length
    return raw.length < missing
      ? undefined
      : { body: Buffer.concat([alreadyParsed, raw.subarray(0, missing)]), rest: raw.subarray(missing) }
  }
}

/** Reads from the socket until the body is whole, then puts back what follows it: that is the client's stdin. */
const readBody = (
  socket: Duplex,
  head: Buffer,
  split: (raw: Buffer) => Split | undefined | "broken",
  limitBytes: number
): Promise<Buffer | "broken" | "too-large"> =>
  new Promise((resolve) => {
    let raw = head
    const finish = (outcome: Buffer | "broken" | "too-large", rest?: Buffer) => {
      socket.off("data", more)
      socket.off("end", ended)
      socket.off("close", ended)
      socket.pause()
      if (rest !== undefined && rest.length > 0) socket.unshift(rest)
      resolve(outcome)
    }
    const advance = () => {
      const taken = split(raw)
      if (taken === "broken") finish("broken")
      else if (taken !== undefined) finish(taken.body, taken.rest)
      else if (raw.length > limitBytes) finish("too-large")
    }
    const more = (chunk: Buffer) => {
      raw = Buffer.concat([raw, chunk])
      advance()
    }
    const ended = () => finish("broken")
    socket.on("data", more)
    socket.on("end", ended)
    socket.on("close", ended)
    advance()
  })

/** The body as Node's parser delivers it. A client that goes away meanwhile leaves a broken one. */
const readParsed = async (request: IncomingMessage, limitBytes: number): Promise<Buffer | "broken" | "too-large"> => {
  const parts: Array<Buffer> = []
  let length = 0
  try {
    for await (const chunk of request) {
      const part: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
      length += part.length
      if (length > limitBytes) return "too-large"
      parts.push(part)
    }
  } catch {
    return "broken"
  }
  return Buffer.concat(parts)
}

/**
 * Takes the body of an `Upgrade` request. Node up to 24 ends the message at once and leaves its body in `head` or on
 * the socket; Node 26 delivers it on the message. Both are read here, what follows the body stays on the socket.
 */
export const takeUpgraded = async (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  limitBytes: number
): Promise<TakenConnection | "broken" | "too-large"> => {
  const parsed = await readParsed(request, limitBytes)
  if (typeof parsed === "string") return parsed
  if (parsed.length > 0 && (isChunked(request) || parsed.length >= declaredLength(request))) {
    if (head.length > 0) socket.unshift(head)
    return { socket, body: parsed, upgraded: true }
  }
  if (declaredLength(request) > limitBytes) return "too-large"
  if (!isChunked(request) && declaredLength(request) === 0) {
    if (head.length > 0) socket.unshift(head)
    return { socket, body: parsed, upgraded: true }
  }
  const body = await readBody(socket, head, splitter(request, parsed), limitBytes)
  return typeof body === "string" ? body : { socket, body, upgraded: true }
}

/** A chunk-framed body ends by itself and nothing may follow it: read it, then take the connection for the output. */
const takeChunkFramed = async (
  request: IncomingMessage,
  socket: Duplex,
  limitBytes: number
): Promise<TakenConnection | "broken" | "too-large"> => {
  const body = await readParsed(request, limitBytes)
  if (typeof body === "string") return body
  socket.removeAllListeners("data")
  socket.removeAllListeners("end")
  return { socket, body, upgraded: false }
}

/**
 * Takes a connection away from Node's parser in the middle of a request without `Upgrade`: what a client writes after
 * the declared body is not a second request but stdin. Must be called in the tick of the request event.
 */
export const takePlain = async (
  request: IncomingMessage,
  limitBytes: number
): Promise<TakenConnection | "broken" | "too-large"> => {
  const socket = request.socket
  if (isChunked(request)) return takeChunkFramed(request, socket, limitBytes)
  const parsed: Array<Buffer> = []
  const collect = (chunk: Buffer) => parsed.push(chunk)
  request.on("data", collect)
  socket.pause()
  socket.removeAllListeners("data")
  socket.removeAllListeners("end")
  // The parser may still hold bytes of the segment that carried the head; it hands them over within this turn.
  await new Promise((resolve) => setImmediate(resolve))
  request.off("data", collect)
  const already = Buffer.concat(parsed)
  if (declaredLength(request) > limitBytes) return "too-large"
  const body = await readBody(socket, Buffer.alloc(0), splitter(request, already), limitBytes)
  return typeof body === "string" ? body : { socket, body, upgraded: false }
}

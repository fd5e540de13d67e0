/**
 * One message of the link: `u8 type | varint stream | varint position | payload`. Stream numbers are the daemon's
 * choice and mean something within one connection only; positions are absolute offsets of a byte stream, so that a
 * repeated frame changes nothing.
 */
export const frameTypes = [
  /** Agent → daemon, first frame: who dials. JSON. */
  "hello",
  /** Daemon → agent: the epoch, and whether this agent may run the user's process. JSON. */
  "welcome",
  /** Daemon → agent: open or resume a channel by its id; position is what the daemon wants next. JSON. */
  "open",
  /** Agent → daemon: where the agent stands; position is what it wants next. JSON. */
  "opened",
  /** Bytes from `position` on. */
  "data",
  /** The receiver has all before `position` for good: the sender may forget it. */
  "ack",
  /** The receiver takes bytes up to `position`. */
  "credit",
  /** The stream ends at `position`. */
  "end",
  /** Agent → daemon: what the channel came to. JSON, repeated at each resume until `done`. */
  "result",
  /** Daemon → agent: the result is durable, the channel may be forgotten. */
  "done",
  "ping",
  "pong"
] as const

export type FrameType = (typeof frameTypes)[number]

export interface Frame {
  readonly type: FrameType
  readonly stream: number
  readonly position: number
  readonly payload: Buffer
}

/** The most payload bytes a frame carries; a longer one is refused. */
export const PAYLOAD_LIMIT = 64 * 1024

/** The other side broke the protocol: the connection is worth nothing any more, the channels go on over the next. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError"
}

const putVarint = (into: Buffer, at: number, value: number): number => {
  let left = value
  let next = at
  while (left >= 128) {
    into[next++] = (left % 128) | 128
    left = Math.floor(left / 128)
  }
  into[next++] = left
  return next
}

const getVarint = (from: Buffer, at: number): readonly [value: number, next: number] => {
  let value = 0
  let scale = 1
  for (let next = at; next < at + 8; next++) {
    const byte = from[next]
    if (byte === undefined) break
    value += (byte & 127) * scale
    if (byte < 128) {
      if (!Number.isSafeInteger(value)) break
      return [value, next + 1]
    }
    scale *= 128
  }
  throw new ProtocolError("a number of the frame's head is cut off or too big")
}

const EMPTY = Buffer.alloc(0)

/** A frame as one message. */
export const encodeFrame = (type: FrameType, stream: number, position: number, payload: Buffer = EMPTY): Buffer => {
  const head = Buffer.allocUnsafe(17)
  head[0] = frameTypes.indexOf(type)
  const end = putVarint(head, putVarint(head, 1, stream), position)
  return payload.length === 0 ? head.subarray(0, end) : Buffer.concat([head.subarray(0, end), payload])
}

/** Reads one message; throws `ProtocolError` for anything that `encodeFrame` does not write. */
export const decodeFrame = (message: Buffer): Frame => {
  const type = frameTypes[message[0] ?? 255]
  if (type === undefined) throw new ProtocolError("the frame has no known type")
  const [stream, afterStream] = getVarint(message, 1)
  const [position, start] = getVarint(message, afterStream)
  const payload = message.subarray(start)
  if (payload.length > PAYLOAD_LIMIT) throw new ProtocolError(`a frame of ${payload.length} bytes`)
  return { type, stream, position, payload }
}

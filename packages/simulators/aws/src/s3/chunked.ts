const CRLF = "\r\n"
const HEAD_LIMIT = 16 * 1024

/** A body in `aws-chunked` framing that does not follow the framing or breaks off. */
class BrokenChunks extends Error {
  readonly code = "IncompleteBody"
}

/**
 * The payload of a body in `aws-chunked` framing: `size[;chunk-signature=…]` lines, each followed by so many bytes, and
 * trailers after the empty chunk, which end the payload.
 */
export async function* unchunked(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  let left = 0
  let ended = false
  for await (const piece of input) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece])
    while (held.length > 0 && !ended) {
      if (left > 0) {
        const content = held.subarray(0, left)
        left -= content.length
        held = held.subarray(content.length)
        yield content
        continue
      }
      // A chunk's bytes are followed by a line end before the next size.
      if (held.length >= 2 && held.toString("latin1", 0, 2) === CRLF) held = held.subarray(2)
      const end = held.indexOf(CRLF)
      if (end === -1) {
        if (held.length > HEAD_LIMIT) throw new BrokenChunks("a chunk's head is too long")
        break
      }
      const size = Number.parseInt(held.toString("latin1", 0, end), 16)
      if (Number.isNaN(size)) throw new BrokenChunks("a chunk's size is not a number")
      held = held.subarray(end + 2)
      left = size
      ended = size === 0
    }
  }
  if (!ended)
    throw new BrokenChunks("You did not provide the number of bytes specified by the Content-Length HTTP header")
}

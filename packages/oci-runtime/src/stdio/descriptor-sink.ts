import { closeSync, writeSync } from "node:fs"
import { Writable } from "node:stream"

const RETRY_MILLIS = 2

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : ""

/**
 * Writes to a non-blocking descriptor that Node has no stream for, in pieces of at most `pieceBytes`, with
 * back-pressure. The descriptor belongs to the stream, which closes it. A reader that is gone ends the stream without
 * an error: that is the reader's right.
 */
export const descriptorSink = (fd: number, pieceBytes: number): Writable => {
  let retry: NodeJS.Timeout | undefined
  const send = (rest: Buffer, done: (error?: Error | null) => void): void => {
    let left = rest
    while (left.length > 0) {
      try {
        left = left.subarray(writeSync(fd, left, 0, Math.min(left.length, pieceBytes)))
      } catch (error) {
        // Full because the process does not read.
        if (codeOf(error) === "EAGAIN") {
          retry = setTimeout(() => send(left, done), RETRY_MILLIS)
          return
        }
        stream.destroy(["EIO", "EPIPE", "ECONNRESET"].includes(codeOf(error)) ? undefined : toError(error))
        return
      }
    }
    done()
  }
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => send(chunk, done),
    destroy: (error, done) => {
      clearTimeout(retry)
      closeSync(fd)
      done(error)
    }
  })
  return stream
}

const toError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)))

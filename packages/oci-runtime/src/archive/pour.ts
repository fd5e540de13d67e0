import type { Readable, Writable } from "node:stream"

/** What may wait to be written before the source is held back. */
const HOLD_BYTES = 1024 * 1024

/**
 * Moves all bytes in few large writes: what arrives within one turn of the loop goes out together. Ends the sink after
 * the source; failures of either are the caller's. Gives what stops it.
 */
export const pour = (source: Readable, sink: Writable): (() => void) => {
  let corked = false
  const uncork = (): void => {
    corked = false
    sink.uncork()
  }
  const more = (chunk: Buffer): void => {
    if (sink.destroyed) return
    if (!corked) {
      corked = true
      sink.cork()
      setImmediate(uncork)
    }
    sink.write(chunk)
    if (sink.writableLength > HOLD_BYTES) source.pause()
  }
  const goOn = (): void => void source.resume()
  const ended = (): void => void sink.end()
  source.on("data", more)
  source.once("end", ended)
  sink.on("drain", goOn)
  return () => {
    source.off("data", more)
    source.off("end", ended)
    sink.off("drain", goOn)
    source.pause()
  }
}

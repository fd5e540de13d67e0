import type { ServerResponse } from "node:http"
import type { Readable } from "node:stream"

/** What may wait to be sent before the source is held back. */
const HOLD_BYTES = 1024 * 1024

/**
 * Sends all bytes as the body, in few large writes: what arrives within one turn of the loop is one chunk. Resolves when
 * all is sent or the client is gone; a source that fails cuts the connection.
 */
export const pourOut = (source: Readable, response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    let corked = false
    const uncork = () => {
      if (!corked) return
      corked = false
      response.uncork()
    }
    // A corked response tells no "drain" for what it held back: each piece says itself when it is sent.
    const goOn = () => {
      if (source.isPaused() && response.writableLength <= HOLD_BYTES) source.resume()
    }
    response.once("close", () => {
      source.destroy()
      resolve()
    })
    source.once("error", () => response.destroy())
    source.once("close", () => {
      if (!source.readableEnded) response.destroy()
    })
    source.on("data", (chunk: Buffer) => {
      if (response.destroyed) return
      if (!corked) {
        corked = true
        response.cork()
        setImmediate(uncork)
      }
      response.write(chunk, goOn)
      if (response.writableLength > HOLD_BYTES) source.pause()
    })
    response.on("drain", () => source.resume())
    source.once("end", () => {
      // Node sends the last chunk at once, ahead of what is corked.
      uncork()
      response.end()
    })
    // Both may have ended before anybody listened.
    if (source.destroyed) response.destroy()
    if (response.destroyed) {
      source.destroy()
      resolve()
    }
  })

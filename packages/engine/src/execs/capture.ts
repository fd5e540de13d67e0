import { Effect } from "effect"
import type { Readable } from "node:stream"

const FRAME_BYTES = 8

/** Reads a framed output to its end and gives the first bytes of its text; what comes after is discarded. */
export const captureOutput = (output: Readable, limitBytes: number): Effect.Effect<string> => {
  let pending: Buffer = Buffer.alloc(0)
  let text = ""
  output.on("data", (chunk: Buffer) => {
    if (text.length >= limitBytes) return
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= FRAME_BYTES) {
      const end = FRAME_BYTES + pending.readUInt32BE(4)
      if (pending.length < end) return
      text += pending.toString("utf8", FRAME_BYTES, end)
      pending = pending.subarray(end)
    }
  })
  const ended = new Promise<void>((resolve) => {
    output.once("close", () => resolve())
    output.once("end", () => resolve())
    output.once("error", () => resolve())
  })
  return Effect.map(
    Effect.promise(() => ended),
    () => text.slice(0, limitBytes)
  )
}

import type { FaultKind } from "@sockerless/faults"
import { Effect, Schema } from "effect"
import type { Readable } from "node:stream"

/** A request's body is larger than the operation takes. */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", { limit: Schema.Number }) {
  readonly kind: FaultKind = "too-large"
  override get message(): string {
    return `the request's body is larger than ${this.limit} bytes`
  }
}

/** The whole body, bounded. A connection that breaks in between ends as if the body ended there. */
export const wholeBody = (body: Readable, limit: number): Effect.Effect<Buffer, BodyTooLarge> =>
  Effect.tryPromise({
    try: async () => {
      const pieces: Array<Buffer> = []
      let size = 0
      for await (const piece of body as AsyncIterable<Buffer>) {
        size += piece.length
        if (size > limit) throw new BodyTooLarge({ limit })
        pieces.push(piece)
      }
      return Buffer.concat(pieces)
    },
    catch: (cause) => (cause instanceof BodyTooLarge ? cause : new BodyTooLarge({ limit: 0 }))
  })

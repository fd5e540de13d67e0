import type { FaultKind } from "@sockerless/faults"
import { Effect, Schema } from "effect"

/** A refusal about images in Docker's words. */
export class ImageFault extends Schema.TaggedError<ImageFault>()("ImageFault", {
  kind: Schema.Literals([
    "invalid",
    "unauthenticated",
    "forbidden",
    "not-found",
    "not-modified",
    "conflict",
    "too-large",
    "failed",
    "not-implemented",
    "unavailable"
  ] satisfies ReadonlyArray<FaultKind>),
  text: Schema.String
}) {
  override get message(): string {
    return this.text
  }
}

export const imageFault = (kind: FaultKind, text: string): ImageFault => new ImageFault({ kind, text })

export const noSuchImage = (ref: string): ImageFault => imageFault("not-found", `No such image: ${ref}`)

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** zlib's and zstd's own failures: what was sent is corrupt. */
const isCorruption = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && /^Z(STD)?_/.test(String(cause.code))

const faultOf = (step: string, cause: unknown): ImageFault => {
  if (cause instanceof ImageFault) return cause
  return isCorruption(cause)
    ? imageFault("invalid", `archive/tar: ${reasonOf(cause)}`)
    : imageFault("failed", `${step}: ${reasonOf(cause)}`)
}

/** Runs a promise of Node's; a rejection that is not a fault already becomes one with the step's name. */
export const attempt = <A>(step: string, run: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, ImageFault> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => faultOf(step, cause)
  })

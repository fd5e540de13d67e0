import type { FaultKind } from "@sockerless/faults"
import { Effect, Schema } from "effect"

/** Something of the machine's did not work: `step` says what was attempted, `reason` what the machine answered. */
export class LocalFailed extends Schema.TaggedError<LocalFailed>()("LocalFailed", {
  step: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `${this.step}: ${this.reason}`
  }
}

/** An option this backend cannot honour; the text names the option and the way out. */
export class LocalUnsupported extends Schema.TaggedError<LocalUnsupported>()("LocalUnsupported", {
  option: Schema.String,
  wayOut: Schema.String
}) {
  readonly kind: FaultKind = "invalid"
  override get message(): string {
    return `backend local does not support ${this.option}: ${this.wayOut}`
  }
}

/** What was asked for is wrong, in Docker's words. */
export class LocalInvalid extends Schema.TaggedError<LocalInvalid>()("LocalInvalid", { text: Schema.String }) {
  readonly kind: FaultKind = "invalid"
  override get message(): string {
    return this.text
  }
}

/** The workload is not in a state that allows the call. */
export class LocalConflict extends Schema.TaggedError<LocalConflict>()("LocalConflict", { text: Schema.String }) {
  readonly kind: FaultKind = "conflict"
  override get message(): string {
    return this.text
  }
}

/** Runs a promise of Node's; its rejection becomes `LocalFailed` with the step's name. */
export const attempt = <A>(step: string, run: () => Promise<A>): Effect.Effect<A, LocalFailed> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new LocalFailed({ step, reason: cause instanceof Error ? cause.message : String(cause) })
  })

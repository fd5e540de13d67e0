import type { FaultKind } from "@sockerless/faults"
import { Effect, Schema } from "effect"

/** A container could not be started; `exitCode` is what Docker's state shows for it: 126, 127 or 128. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  text: Schema.String,
  exitCode: Schema.Number
}) {
  /** What cannot be executed is the request's fault; what else went wrong is the machine's. */
  get kind(): FaultKind {
    return this.exitCode === 126 || this.exitCode === 127 ? "invalid" : "failed"
  }
  override get message(): string {
    return this.text
  }
}

/** A step on the machine failed: `step` is what was attempted, `reason` what the kernel or a tool answered. */
export class RuntimeFailed extends Schema.TaggedError<RuntimeFailed>()("RuntimeFailed", {
  step: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `${this.step}: ${this.reason}`
  }
}

export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Runs a promise of Node's; its rejection becomes `RuntimeFailed` with the step's name. */
export const attempt = <A>(step: string, run: () => Promise<A>): Effect.Effect<A, RuntimeFailed> =>
  Effect.tryPromise({ try: run, catch: (cause) => new RuntimeFailed({ step, reason: reasonOf(cause) }) })

import type { Fault } from "@sockerless/faults"
import type { Effect, Scope } from "effect"
import type { Bench } from "./bench.ts"

/** One line of the conformance table: what it promises, how that is shown, and how its absence is. */
export interface Row {
  readonly promise: string
  readonly tests: Readonly<Record<string, (bench: Bench) => Effect.Effect<void, Fault, Scope.Scope>>>
  /** What a backend that has this off must refuse; rows without it cannot be off. */
  readonly refused?: {
    readonly operation: string
    readonly attempt: (bench: Bench) => Effect.Effect<unknown, Fault, Scope.Scope>
  }
}

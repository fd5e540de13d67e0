import type { Fault } from "@sockerless/faults"
import type { Effect, Scope } from "effect"
import type { BackendShape, WorkloadSpec } from "../index.ts"
import type { Program } from "./program.ts"

/** A backend under test with what the suite needs to use it. */
export interface Subject {
  readonly backend: BackendShape
  /** An image the programs run in; it holds the file `/etc/passwd`, which nobody may execute. */
  readonly image: WorkloadSpec["image"]
  readonly command: (program: Program) => ReadonlyArray<string>
  /** Another process's view of the same place: what a daemon has after the first one died. */
  readonly secondLife: Effect.Effect<BackendShape, Fault, Scope.Scope>
}

/** An option that a backend must refuse at `check`, and words its refusal holds. */
export interface Refusal {
  readonly option: string
  readonly ask: (spec: WorkloadSpec) => WorkloadSpec
  readonly says: ReadonlyArray<string>
}

/** How one backend signs the contract. What it cannot do is written down here, and must be refused by name. */
export interface ContractOptions<Row extends string> {
  /** Fresh for each test, with everything of its own; gone when the scope closes. */
  readonly make: Effect.Effect<Subject, Fault, Scope.Scope>
  readonly refusals: ReadonlyArray<Refusal>
  /** Rows of the conformance table that are off, and why. */
  readonly off?: Partial<Record<Row, string>>
  /** The README that shows the conformance table. */
  readonly readme?: URL
  /** Why the backend cannot run on this machine at all. */
  readonly missing?: string | undefined
}

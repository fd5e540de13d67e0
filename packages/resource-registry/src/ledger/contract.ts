import type { Fault } from "@sockerless/faults"
import type { JsonValue, StoreFault } from "@sockerless/store"
import type { Effect, Option } from "effect"
import type { LeaseLost, OperationUnsettled } from "../faults.ts"
import type { Identity } from "../identity.ts"
import type { Claim, OperationRecord, ResourceEntry, Tombstone } from "./records.ts"

/** What a place answers about a resource it made or found. */
export interface Resource {
  readonly id: string
  readonly facts?: JsonValue
}

/** How the ledger reaches a place to settle what it does not know. Both are idempotent. */
export interface Place {
  /** The resource of an entry by its name or token; none when the place has none. */
  readonly find: (entry: ResourceEntry) => Effect.Effect<Option.Option<Resource>, Fault>
  /** Removes it; absent is success. The entry has the place's id. */
  readonly destroy: (entry: ResourceEntry) => Effect.Effect<void, Fault>
}

export interface OperationRequest {
  readonly verb: string
  readonly subject: string
  readonly backend: string
  readonly rule: "back" | "observe" | "forward"
  /** Anything that tells this request from another of the same verb on the same subject; compared, never read. */
  readonly request: string
}

/** What is to be made. `step` names it within its operation; its type when not given. */
export interface What {
  readonly type: string
  readonly step?: string
  /** The name the place must know it by, where it is not free to be derived. */
  readonly name?: string
}

/** One operation under way. */
export interface Operation {
  readonly id: string
  readonly epoch: number
  readonly request: OperationRequest
  /**
   * Makes a resource, once: its identity is durable before `create` is called, its id before this returns. Repeated
   * after a crash or a lost answer it asks `find` (or repeats `create` with the same identity when there is none) and
   * adopts. A failure for which `isRefusal` says true made nothing; any other leaves the resource in doubt, to be
   * found by whoever settles the operation.
   */
  readonly make: <E, R, E2 = never, R2 = never>(
    what: What,
    steps: {
      readonly create: (identity: Identity) => Effect.Effect<Resource, E, R>
      readonly find?: (identity: Identity) => Effect.Effect<Option.Option<Resource>, E2, R2>
      readonly isRefusal?: (fault: E) => boolean
    }
  ) => Effect.Effect<Resource, E | E2 | LedgerFault, R | R2>
}

export type LedgerFault = StoreFault | LeaseLost | OperationUnsettled

/** How an open operation of rule `observe` ends: its resources stay, go, or nobody can tell yet. */
export type Verdict = "adopt" | "undo" | "wait"

export interface RecoveryPlan {
  readonly backend: string
  readonly place: Place
  /** Asked for operations of rule `observe`, with what the place holds of them. */
  readonly observe: (
    operation: OperationRecord,
    resources: ReadonlyArray<ResourceEntry>
  ) => Effect.Effect<Verdict, Fault>
  /** Finishes an operation of rule `forward`; does nothing twice. */
  readonly forward: (operation: Operation) => Effect.Effect<JsonValue, Fault>
}

/** What recovery did, by operation id. `failed` ones stay open and are tried again at the next recovery. */
export interface RecoveryReport {
  readonly adopted: ReadonlyArray<string>
  readonly undone: ReadonlyArray<string>
  readonly completed: ReadonlyArray<string>
  readonly waiting: ReadonlyArray<string>
  readonly failed: ReadonlyArray<{ readonly operation: string; readonly reason: string }>
}

export interface LedgerView {
  readonly operations: ReadonlyArray<OperationRecord>
  /** Also those that are gone and not pruned yet. */
  readonly resources: ReadonlyArray<ResourceEntry>
  readonly tombstones: ReadonlyArray<Tombstone>
  readonly claims: ReadonlyArray<Claim>
}

/**
 * What we own in a cloud: intents before calls, outcomes after them, both durable. It knows no cloud.
 *
 * All methods may wait for the disk; `perform`, `dispose` and `recover` also wait for the place. Two calls about one
 * subject run one after the other. An interrupted call is settled like a failed one.
 */
export interface LedgerShape {
  readonly instance: string
  readonly epoch: number
  /**
   * Runs `body` as one operation. Repeated after a crash, an interrupt or a failure it is the same operation again:
   * same id, same identities. When `body` fails, rule `back` removes what it made before the failure is returned;
   * what cannot be removed now stays on record for `recover`.
   */
  readonly perform: <A extends JsonValue, E, R>(
    request: OperationRequest,
    place: Place,
    body: (operation: Operation) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | LedgerFault, R>
  /** Removes one resource: on record as going before the call, as gone after it. Absent, here or there, is success. */
  readonly dispose: (key: string, place: Place) => Effect.Effect<void, Fault>
  /** True for the first claimant of a run and for it again; false for any other, and for a buried subject. */
  readonly claim: (subject: string, run: number, claimant: string) => Effect.Effect<boolean, StoreFault>
  /** Puts a resource of ours that the book does not know on record. Idempotent by type and id. */
  readonly adopt: (found: {
    readonly backend: string
    readonly subject: string
    readonly type: string
    readonly name: string
    readonly resource: Resource
    readonly epoch: number
  }) => Effect.Effect<ResourceEntry, StoreFault>
  /** The subject is removed for good: what turns up of it later is to be destroyed, its claims are refused. */
  readonly bury: (subject: string, backend: string) => Effect.Effect<void, StoreFault>
  /**
   * Settles every open operation and every unfinished removal of a backend by the rule of its verb; what a body of
   * this process works on now is left to it. Idempotent.
   */
  readonly recover: (plan: RecoveryPlan) => Effect.Effect<RecoveryReport, LedgerFault>
  /** Forgets what ended before `beforeMillis`; nothing that is alive or in doubt. Returns how many records. */
  readonly prune: (beforeMillis: number) => Effect.Effect<number, StoreFault>
  /** The book as it is now. */
  readonly view: Effect.Effect<LedgerView>
}

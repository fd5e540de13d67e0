import type { Fault } from "@sockerless/faults"
import {
  Ledger,
  type LedgerFault,
  type OperationRecord,
  type RecoveryPlan,
  type RecoveryReport,
  type ResourceEntry,
  type Verdict
} from "@sockerless/resource-registry"
import { Effect, Stream } from "effect"
import { type Classified, classify } from "./classify.ts"
import { placeOf } from "./place.ts"
import { CloudScanner, type Found } from "./scanner.ts"
import { stepsFor, type SweepStep, take } from "./sweep.ts"

export interface ReconcileOptions {
  /** How old an unrecorded resource must be to be removed; ten minutes unless said otherwise. */
  readonly graceMillis?: number
  /** How long a place may hide what was just made; a start that is not seen is undone after this only. */
  readonly settleMillis?: number
  /** Finishes an interrupted `stop`, `rm` or the like; see `RecoveryPlan.forward`. */
  readonly forward: RecoveryPlan["forward"]
  /** The report before this one: what is missing in both has vanished. */
  readonly previous?: ReconcileReport
}

export interface ReconcileReport {
  readonly recovery: RecoveryReport
  readonly found: ReadonlyArray<Classified>
  readonly steps: ReadonlyArray<SweepStep>
  /** Records whose resource was not in this scan. */
  readonly missing: ReadonlyArray<ResourceEntry>
  /** Missing in two scans that are at least `settleMillis` apart: gone without us. The engine decides what it means. */
  readonly vanished: ReadonlyArray<ResourceEntry>
  readonly atMillis: number
}

const GRACE_MILLIS = 600_000
const SETTLE_MILLIS = 30_000

const scanned: Effect.Effect<ReadonlyArray<Found>, Fault, CloudScanner> = Effect.flatMap(CloudScanner, (scanner) =>
  Stream.runCollect(scanner.scan)
)

const classified = Effect.fnUntraced(function* (found: ReadonlyArray<Found>, graceMillis: number) {
  const ledger = yield* Ledger
  return classify(found, yield* ledger.view, { instance: ledger.instance, epoch: ledger.epoch, graceMillis })
})

/** What a start became: it runs, it does not, or the place may not show it yet. */
const observe =
  (nowMillis: number, settleMillis: number) =>
  (operation: OperationRecord, resources: ReadonlyArray<ResourceEntry>): Effect.Effect<Verdict> =>
    Effect.sync(() => {
      if (resources.length > 0 && resources.every((entry) => entry.state === "held")) return "adopt"
      return nowMillis - operation.atMillis < settleMillis ? "wait" : "undo"
    })

/**
 * Makes record and place agree: settles what a crash left open by the rule of its verb, adopts what was forgotten,
 * removes what was meant to be gone and what nobody will claim. Repeatable at any point; never touches what is not
 * this instance's.
 */
export const reconcile = Effect.fn("CloudScanner.reconcile")(function* (
  options: ReconcileOptions
): Effect.fn.Return<ReconcileReport, Fault | LedgerFault, Ledger | CloudScanner> {
  const ledger = yield* Ledger
  const scanner = yield* CloudScanner
  const settleMillis = options.settleMillis ?? SETTLE_MILLIS
  const atMillis = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
  const found = yield* scanned
  const recovery = yield* ledger.recover({
    backend: scanner.backend,
    place: placeOf(scanner, found),
    observe: observe(atMillis, settleMillis),
    forward: options.forward
  })
  const all = yield* classified(found, options.graceMillis ?? GRACE_MILLIS)
  const removed = new Set((yield* ledger.view).resources.flatMap((entry) => goneSince(entry, atMillis)))
  const steps = yield* take(stepsFor(all.filter((one) => !removed.has(`${one.found.type}\n${one.found.id}`))))
  const seen = new Set(found.map((one) => `${one.type}\n${one.id}`))
  const missing = (yield* ledger.view).resources.filter(
    (entry) =>
      entry.backend === scanner.backend &&
      entry.state === "held" &&
      entry.atMillis < atMillis &&
      !seen.has(`${entry.type}\n${entry.id ?? ""}`)
  )
  const before = options.previous
  const suspects = new Set(
    before !== undefined && atMillis - before.atMillis >= settleMillis ? before.missing.map(({ key }) => key) : []
  )
  return {
    recovery,
    found: all,
    steps,
    missing,
    vanished: missing.filter(({ key }) => suspects.has(key)),
    atMillis
  }
})

/** What recovery itself has just removed is still in the scan; it needs no second removal. */
const goneSince = (entry: ResourceEntry, atMillis: number): ReadonlyArray<string> =>
  entry.state === "gone" && entry.id !== undefined && entry.atMillis >= atMillis ? [`${entry.type}\n${entry.id}`] : []

export interface GarbageOptions {
  readonly graceMillis?: number
  /** Only says what would be done. */
  readonly dryRun: boolean
}

/** Garbage collection alone: the plan, and unless it is a dry run what became of each of its steps. */
export const collectGarbage = Effect.fn("CloudScanner.collectGarbage")(function* (
  options: GarbageOptions
): Effect.fn.Return<ReadonlyArray<SweepStep>, Fault, Ledger | CloudScanner> {
  const all = yield* classified(yield* scanned, options.graceMillis ?? GRACE_MILLIS)
  const plan = stepsFor(all).filter(({ action }) => action === "destroy")
  return options.dryRun ? plan : yield* take(plan)
})

import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import type { LedgerFault, RecoveryPlan, RecoveryReport } from "./contract.ts"
import type { Desk } from "./desk.ts"
import { destroyEntry } from "./dispose.ts"
import { complete, operationOf } from "./perform.ts"
import type { OperationRecord } from "./records.ts"
import { entriesOf, resolve, undo } from "./undo.ts"

/** Operations settled at one time: a place answers in tens of milliseconds and throttles at tens a second. */
const CONCURRENCY = 8

const isOpen = (record: OperationRecord | undefined): boolean => record?.state === "open" || record?.state === "undoing"

type Settled = "adopted" | "undone" | "completed" | "waiting"

const settleObserved = Effect.fnUntraced(function* (
  desk: Desk,
  record: OperationRecord,
  plan: RecoveryPlan
): Effect.fn.Return<Settled, Fault> {
  const resources = yield* Effect.forEach(entriesOf(desk, record.id), (entry) => resolve(desk, entry, plan.place))
  const verdict = yield* plan.observe(record, resources)
  if (verdict === "wait") return "waiting"
  if (verdict === "adopt") {
    yield* complete(desk, record, resources.at(-1)?.id ?? null)
    return "adopted"
  }
  yield* undo(desk, record, plan.place)
  return "undone"
})

const settle = Effect.fnUntraced(function* (
  desk: Desk,
  record: OperationRecord,
  plan: RecoveryPlan
): Effect.fn.Return<Settled, Fault> {
  if (record.state === "undoing" || record.rule === "back") {
    yield* undo(desk, record, plan.place)
    return "undone"
  }
  if (record.rule === "observe") return yield* settleObserved(desk, record, plan)
  yield* complete(desk, record, yield* plan.forward(operationOf(desk, record)))
  return "completed"
})

/** Removals of whole resources that were begun outside an open operation. */
const finishRemovals = Effect.fnUntraced(function* (desk: Desk, plan: RecoveryPlan) {
  const begun = desk.book.resources
    .values()
    .filter((entry) => entry.backend === plan.backend && entry.state === "disposing")
    .filter(({ operation }) => !isOpen(desk.book.operations.get(operation)))
  return yield* Effect.forEach(
    begun,
    (entry) =>
      Effect.match(destroyEntry(desk, entry, plan.place), {
        onSuccess: () => [],
        onFailure: (fault) => [{ operation: entry.operation, reason: fault.message }]
      }),
    { concurrency: CONCURRENCY }
  )
})

/** `Ledger.recover`. */
export const recover = Effect.fn("Ledger.recover")(function* (
  desk: Desk,
  plan: RecoveryPlan
): Effect.fn.Return<RecoveryReport, LedgerFault> {
  yield* desk.lease.check
  const open = () =>
    desk.book.operations
      .values()
      .filter((record) => record.backend === plan.backend && isOpen(record) && !desk.running.has(record.id))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const outcomes = yield* Effect.forEach(
    open(),
    ({ id, subject }) =>
      desk.inTurn(
        subject,
        Effect.gen(function* () {
          const record = desk.book.operations.get(id)
          if (record === undefined || !isOpen(record)) return []
          const settled = yield* Effect.match(settle(desk, record, plan), {
            onSuccess: (how) => ({ operation: id, how, reason: "" }),
            onFailure: (fault) => ({ operation: id, how: "failed" as const, reason: fault.message })
          })
          killpoint("registry.recover.after-one")
          return [settled]
        })
      ),
    { concurrency: CONCURRENCY }
  )
  const removals = (yield* finishRemovals(desk, plan)).flat()
  const of = (how: Settled) => outcomes.flat().flatMap((one) => (one.how === how ? [one.operation] : []))
  const failed = outcomes
    .flat()
    .flatMap(({ how, operation, reason }) => (how === "failed" ? [{ operation, reason }] : []))
  return {
    adopted: of("adopted"),
    undone: of("undone"),
    completed: of("completed"),
    waiting: of("waiting"),
    failed: [...failed, ...removals]
  }
})

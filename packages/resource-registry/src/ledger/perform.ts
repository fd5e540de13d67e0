import { killpoint } from "@sockerless/killpoints"
import type { JsonValue } from "@sockerless/store"
import { Effect, Exit } from "effect"
import { OperationUnsettled } from "../faults.ts"
import { operationId } from "../identity.ts"
import type { LedgerFault, Operation, OperationRequest, Place } from "./contract.ts"
import type { Desk } from "./desk.ts"
import { makeFor } from "./make.ts"
import type { OperationRecord } from "./records.ts"
import { entriesOf, undo } from "./undo.ts"

/** The operation as its body sees it. */
export const operationOf = (desk: Desk, record: OperationRecord): Operation => ({
  id: record.id,
  epoch: desk.lease.epoch,
  request: record,
  make: makeFor(desk, record)
})

/** Puts the result of a finished operation on record. */
export const complete = Effect.fnUntraced(function* (desk: Desk, record: OperationRecord, outcome: JsonValue) {
  killpoint("registry.perform.before-outcome")
  yield* desk.book.commit(desk.book.operations.put(record.id, { ...record, state: "done", outcome }))
  killpoint("registry.perform.after-outcome")
})

const unsettled = (record: OperationRecord) =>
  new OperationUnsettled({ verb: record.verb, subject: record.subject, operation: record.id })

/** What is undone behind a failure is on record anyway: the failure itself is what the caller must hear. */
const tryUndo = (desk: Desk, record: OperationRecord, place: Place): Effect.Effect<boolean> =>
  Effect.match(undo(desk, record, place), { onSuccess: () => true, onFailure: () => false })

/** The open operation of this request, or a new one; never one of other parameters. */
const begin = Effect.fnUntraced(function* (desk: Desk, request: OperationRequest, place: Place) {
  const open = desk.book.operations
    .values()
    .find(
      (record) =>
        record.verb === request.verb &&
        record.subject === request.subject &&
        record.backend === request.backend &&
        (record.state === "open" || record.state === "undoing")
    )
  if (open !== undefined) {
    if (open.state === "open" && open.request === request.request) return open
    if (open.state === "open" && open.rule !== "back") return yield* unsettled(open)
    if (!(yield* tryUndo(desk, open, place))) return yield* unsettled(open)
  }
  yield* desk.lease.check
  const atMillis = yield* desk.now
  const record: OperationRecord = {
    verb: request.verb,
    subject: request.subject,
    backend: request.backend,
    rule: request.rule,
    request: request.request,
    id: operationId(atMillis),
    epoch: desk.lease.epoch,
    atMillis,
    state: "open"
  }
  killpoint("registry.perform.before-intent")
  yield* desk.book.commit(desk.book.operations.put(record.id, record))
  killpoint("registry.perform.after-intent")
  return record
})

/** `Ledger.perform`. */
export const perform = <A extends JsonValue, E, R>(
  desk: Desk,
  request: OperationRequest,
  place: Place,
  body: (operation: Operation) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | LedgerFault, R> =>
  desk.inTurn(
    request.subject,
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const record = yield* begin(desk, request, place)
        desk.running.add(record.id)
        const exit = yield* Effect.exit(restore(body(operationOf(desk, record))))
        desk.running.delete(record.id)
        if (Exit.isSuccess(exit)) {
          yield* complete(desk, record, exit.value)
          return exit.value
        }
        // Nothing made, or a verb whose rule says so: taken back. Anything else stays open for who comes next.
        if (record.rule === "back" || entriesOf(desk, record.id).length === 0) yield* tryUndo(desk, record, place)
        return yield* exit
      })
    )
  )

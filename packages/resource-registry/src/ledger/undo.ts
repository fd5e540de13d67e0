import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Effect, Option } from "effect"
import type { Place } from "./contract.ts"
import type { Desk } from "./desk.ts"
import { destroyEntry } from "./dispose.ts"
import { hold } from "./make.ts"
import type { OperationRecord, ResourceEntry } from "./records.ts"

/** An operation's resources that exist or may exist, in the order they were made. */
export const entriesOf = (desk: Desk, operation: string): ReadonlyArray<ResourceEntry> =>
  desk.book.resources
    .values()
    .filter((entry) => entry.operation === operation && entry.state !== "gone")
    .toSorted((a, b) => a.atMillis - b.atMillis)

/** Asks the place about a resource whose outcome is unknown; what it has is then held. */
export const resolve = Effect.fnUntraced(function* (
  desk: Desk,
  entry: ResourceEntry,
  place: Place
): Effect.fn.Return<ResourceEntry, Fault> {
  if (entry.state !== "intended") return entry
  const found = yield* place.find(entry)
  return Option.isSome(found) ? yield* hold(desk, entry, found.value) : entry
})

/** Removes what an operation made, the youngest first, and closes it. Repeatable at any point. */
export const undo = Effect.fnUntraced(function* (
  desk: Desk,
  record: OperationRecord,
  place: Place
): Effect.fn.Return<void, Fault> {
  yield* desk.book.commit(desk.book.operations.put(record.id, { ...record, state: "undoing" }))
  killpoint("registry.undo.after-intent")
  for (const entry of entriesOf(desk, record.id).toReversed()) {
    yield* destroyEntry(desk, yield* resolve(desk, entry, place), place)
  }
  killpoint("registry.undo.before-outcome")
  yield* desk.book.commit(desk.book.operations.put(record.id, { ...record, state: "undone" }))
  killpoint("registry.undo.after-outcome")
})

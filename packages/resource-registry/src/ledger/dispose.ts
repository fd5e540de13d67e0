import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import type { Place } from "./contract.ts"
import type { Desk } from "./desk.ts"
import type { ResourceEntry } from "./records.ts"

/** Removes what an entry stands for. One that never got an id is only put on record as gone. */
export const destroyEntry = Effect.fnUntraced(function* (
  desk: Desk,
  entry: ResourceEntry,
  place: Place
): Effect.fn.Return<void, Fault> {
  const { book, lease } = desk
  if (entry.id !== undefined) {
    yield* book.commit(book.resources.put(entry.key, { ...entry, state: "disposing" }))
    killpoint("registry.dispose.after-intent")
    yield* lease.check
    yield* place.destroy(entry)
    killpoint("registry.dispose.after-call")
  }
  yield* book.commit(book.resources.put(entry.key, { ...entry, state: "gone", atMillis: yield* desk.now }))
  killpoint("registry.dispose.after-outcome")
})

/** `Ledger.dispose`. */
export const dispose = (desk: Desk, key: string, place: Place): Effect.Effect<void, Fault> =>
  Effect.suspend(() => {
    const entry = desk.book.resources.get(key)
    if (entry === undefined) return Effect.void
    return desk.inTurn(
      `dispose ${key}`,
      Effect.suspend(() => {
        const current = desk.book.resources.get(key)
        return current === undefined || current.state === "gone" ? Effect.void : destroyEntry(desk, current, place)
      })
    )
  })

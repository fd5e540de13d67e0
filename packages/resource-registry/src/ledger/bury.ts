import { killpoint } from "@sockerless/killpoints"
import type { StoreFault } from "@sockerless/store"
import { Effect } from "effect"
import type { Desk } from "./desk.ts"

/** `Ledger.bury`. */
export const bury = (desk: Desk, subject: string, backend: string): Effect.Effect<void, StoreFault> =>
  Effect.gen(function* () {
    if (desk.book.tombstones.get(subject) !== undefined) return
    killpoint("registry.bury.before-outcome")
    yield* desk.book.commit(desk.book.tombstones.put(subject, { subject, backend, atMillis: yield* desk.now }))
    killpoint("registry.bury.after-outcome")
  })

import type { Context, Effect } from "effect"
import type { Lease } from "../lease/lease.ts"
import type { Book } from "./book.ts"

/** What every verb of the ledger works with. */
export interface Desk {
  readonly lease: Context.Service.Shape<typeof Lease>
  readonly book: Book
  readonly now: Effect.Effect<number>
  /** Operations that a body of this process works on now; they are nobody else's to settle. */
  readonly running: Set<string>
  /** Runs after all that was asked for this subject before, and before all that is asked later. */
  readonly inTurn: <A, E, R>(subject: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

import { Effect, Semaphore } from "effect"
import { Lease } from "../lease/lease.ts"
import { adopt } from "./adopt.ts"
import { openBook } from "./book.ts"
import { bury } from "./bury.ts"
import { claim } from "./claim.ts"
import type { LedgerShape } from "./contract.ts"
import type { Desk } from "./desk.ts"
import { dispose } from "./dispose.ts"
import { perform } from "./perform.ts"
import { prune } from "./prune.ts"
import { recover } from "./recover.ts"

/** The ledger on the store and the lease of its context. */
export const makeLedger = Effect.gen(function* () {
  const lease = yield* Lease
  const book = yield* openBook
  const turns = new Map<string, { readonly turn: Semaphore.Semaphore; users: number }>()
  const desk: Desk = {
    lease,
    book,
    running: new Set(),
    now: Effect.clockWith((clock) => clock.currentTimeMillis),
    inTurn: (subject, effect) =>
      Effect.suspend(() => {
        const seat = turns.get(subject) ?? { turn: Semaphore.makeUnsafe(1), users: 0 }
        seat.users += 1
        turns.set(subject, seat)
        const leave = Effect.sync(() => {
          seat.users -= 1
          if (seat.users === 0) turns.delete(subject)
        })
        return Effect.ensuring(seat.turn.withPermits(1)(effect), leave)
      })
  }
  const ledger: LedgerShape = {
    instance: lease.instance,
    epoch: lease.epoch,
    perform: (request, place, body) => perform(desk, request, place, body),
    dispose: (key, place) => dispose(desk, key, place),
    claim: (subject, run, claimant) => claim(desk, { subject, run, claimant }),
    adopt: (found) => adopt(desk, found),
    bury: (subject, backend) => bury(desk, subject, backend),
    recover: (plan) => recover(desk, plan),
    prune: (beforeMillis) => prune(desk, beforeMillis),
    view: Effect.sync(() => ({
      operations: book.operations.values(),
      resources: book.resources.values(),
      tombstones: book.tombstones.values(),
      claims: book.claims.values()
    }))
  }
  return ledger
})

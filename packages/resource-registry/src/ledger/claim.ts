import { killpoint } from "@sockerless/killpoints"
import type { StoreFault } from "@sockerless/store"
import { Effect } from "effect"
import type { Desk } from "./desk.ts"

/** `Ledger.claim`. The grant is durable before it is told, so that a crash never grants twice. */
export const claim = (
  desk: Desk,
  asked: { readonly subject: string; readonly run: number; readonly claimant: string }
): Effect.Effect<boolean, StoreFault> =>
  desk.inTurn(
    `claim ${asked.subject}`,
    Effect.gen(function* () {
      const key = `${asked.subject}/${asked.run}`
      if (desk.book.tombstones.get(asked.subject) !== undefined) return false
      const first = desk.book.claims.get(key)
      if (first !== undefined) return first.claimant === asked.claimant
      killpoint("registry.claim.before-outcome")
      yield* desk.book.commit(desk.book.claims.put(key, { ...asked, atMillis: yield* desk.now }))
      killpoint("registry.claim.after-outcome")
      return true
    })
  )

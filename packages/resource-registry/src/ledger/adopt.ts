import { killpoint } from "@sockerless/killpoints"
import type { StoreFault } from "@sockerless/store"
import { Effect } from "effect"
import type { Resource } from "./contract.ts"
import type { Desk } from "./desk.ts"
import type { ResourceEntry } from "./records.ts"

/** `Ledger.adopt`. */
export const adopt = (
  desk: Desk,
  found: {
    readonly backend: string
    readonly subject: string
    readonly type: string
    readonly name: string
    readonly resource: Resource
    readonly epoch: number
  }
): Effect.Effect<ResourceEntry, StoreFault> =>
  desk.inTurn(
    `adopt ${found.type} ${found.resource.id}`,
    Effect.gen(function* () {
      const known = desk.book.resources
        .values()
        .find((entry) => entry.type === found.type && entry.id === found.resource.id && entry.state !== "gone")
      if (known !== undefined) return known
      const key = `adopted/${found.type}/${found.resource.id}`
      const entry: ResourceEntry = {
        key,
        operation: "adopted",
        step: found.type,
        subject: found.subject,
        backend: found.backend,
        type: found.type,
        name: found.name,
        token: "",
        epoch: found.epoch,
        atMillis: yield* desk.now,
        state: "held",
        id: found.resource.id,
        ...(found.resource.facts !== undefined && { facts: found.resource.facts })
      }
      killpoint("registry.adopt.before-outcome")
      yield* desk.book.commit(desk.book.resources.put(key, entry))
      killpoint("registry.adopt.after-outcome")
      return entry
    })
  )

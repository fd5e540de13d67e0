import type { StoreFault } from "@sockerless/store"
import { Effect } from "effect"
import type { Desk } from "./desk.ts"

/** `Ledger.prune`. */
export const prune = (desk: Desk, beforeMillis: number): Effect.Effect<number, StoreFault> =>
  Effect.suspend(() => {
    const { book } = desk
    const old = (record: { readonly atMillis: number }) => record.atMillis < beforeMillis
    const resources = book.resources.values().filter((entry) => entry.state === "gone" && old(entry))
    const alive = new Set(
      book.resources.values().flatMap((entry) => (entry.state === "gone" && old(entry) ? [] : [entry.operation]))
    )
    const operations = book.operations
      .values()
      .filter(
        (record) => (record.state === "done" || record.state === "undone") && old(record) && !alive.has(record.id)
      )
    const tombstones = book.tombstones.values().filter(old)
    const buried = new Set(tombstones.map(({ subject }) => subject))
    const claims = book.claims.values().filter(({ subject }) => buried.has(subject))
    const changes = [
      ...resources.map(({ key }) => book.resources.drop(key)),
      ...operations.map(({ id }) => book.operations.drop(id)),
      ...claims.map(({ subject, run }) => book.claims.drop(`${subject}/${run}`)),
      ...tombstones.map(({ subject }) => book.tombstones.drop(subject))
    ]
    return Effect.as(book.commit(...changes), changes.length)
  })

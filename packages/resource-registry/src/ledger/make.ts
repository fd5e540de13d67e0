import { killpoint } from "@sockerless/killpoints"
import { Effect, Option } from "effect"
import { identityOf } from "../identity.ts"
import type { Operation, Resource } from "./contract.ts"
import type { Desk } from "./desk.ts"
import type { OperationRecord, ResourceEntry } from "./records.ts"

const known = (entry: ResourceEntry | undefined): Resource | undefined =>
  entry?.id === undefined || entry.state === "gone"
    ? undefined
    : { id: entry.id, ...(entry.facts !== undefined && { facts: entry.facts }) }

/** Puts on record what the place calls a resource. */
export const hold = Effect.fnUntraced(function* (desk: Desk, entry: ResourceEntry, resource: Resource) {
  const held: ResourceEntry = {
    ...entry,
    state: "held",
    id: resource.id,
    ...(resource.facts !== undefined && { facts: resource.facts })
  }
  killpoint("registry.make.before-outcome")
  yield* desk.book.commit(desk.book.resources.put(entry.key, held))
  killpoint("registry.make.after-outcome")
  return held
})

/** `Operation.make` for one operation; see there for what it promises. */
export const makeFor =
  (desk: Desk, record: OperationRecord): Operation["make"] =>
  (what, steps) =>
    Effect.gen(function* () {
      const step = what.step ?? what.type
      const key = `${record.id}/${step}`
      const before = desk.book.resources.get(key)
      const made = known(before)
      if (made !== undefined) return made
      const identity = identityOf({
        instance: desk.lease.instance,
        operation: record.id,
        step,
        epoch: desk.lease.epoch,
        ...(what.name !== undefined && { name: what.name })
      })
      const entry: ResourceEntry = {
        key,
        operation: record.id,
        step,
        subject: record.subject,
        backend: record.backend,
        type: what.type,
        name: identity.name,
        token: identity.token,
        epoch: identity.epoch,
        atMillis: before?.atMillis ?? (yield* desk.now),
        state: "intended"
      }
      yield* desk.book.commit(desk.book.resources.put(key, entry))
      killpoint("registry.make.after-intent")
      if (before?.state === "intended" && steps.find !== undefined) {
        const found = yield* steps.find(identity)
        if (Option.isSome(found)) {
          yield* hold(desk, entry, found.value)
          return found.value
        }
      }
      yield* desk.lease.check
      // A refusal speaks of this call only: an earlier one, whose answer was lost, may still have made it.
      const resource = yield* Effect.tapError(steps.create(identity), (fault) =>
        before === undefined && steps.isRefusal?.(fault) === true
          ? desk.book.commit(desk.book.resources.drop(key))
          : Effect.void
      )
      killpoint("registry.make.after-call")
      yield* hold(desk, entry, resource)
      return resource
    })

import type { Place, ResourceEntry } from "@sockerless/resource-registry"
import { deleteDefinition, endTask, findDefinition, findTask, TASK } from "@sockerless/scanner-ecs"
import { Effect, Option } from "effect"
import type { EcsContext } from "./context.ts"

/** How the ledger finds and removes what this backend makes. */
export const placeOf = ({ scope }: EcsContext): Place => ({
  find: (entry: ResourceEntry) =>
    Effect.map(entry.type === TASK ? findTask(scope, entry.name) : findDefinition(scope, entry.name), (found) =>
      Option.map(Option.fromUndefinedOr(found), (id) => ({ id }))
    ),
  destroy: (entry: ResourceEntry) => {
    const { id } = entry
    if (id === undefined) return Effect.void
    return entry.type === TASK ? endTask(scope, id, "removed") : deleteDefinition(scope, id)
  }
})

import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import { backendOf, type EngineContext, handleOf, publish } from "../context.ts"
import { checkFilterKeys, lacksLabels, matchesLabels, untilMillis } from "../filter-rules.ts"
import type { Filters } from "../filters.ts"
import { isRunning } from "./entry.ts"
import { removeLocked } from "./remove.ts"

const keys = new Set(["label", "label!", "until"])

/** `docker container prune`: every ended container that the filters allow. */
export const pruneContainers = Effect.fn("engine.containers.prune")(function* (
  context: EngineContext,
  filters: Filters
): Effect.fn.Return<{ readonly deleted: ReadonlyArray<string>; readonly reclaimedBytes: number }, Fault> {
  yield* checkFilterKeys(filters, keys)
  const [until] = filters.get("until") ?? []
  const before = until === undefined ? Number.POSITIVE_INFINITY : yield* untilMillis(until)
  const deleted: Array<string> = []
  let reclaimedBytes = 0
  for (const entry of context.book.all) {
    const { spec, state, createdAt } = entry.snapshot
    const ended = !isRunning(entry) && state.status !== "restarting" && state.status !== "removing"
    const wanted =
      ended &&
      entry.reconciled &&
      Date.parse(createdAt) < before &&
      matchesLabels(spec.labels, filters.get("label") ?? []) &&
      lacksLabels(spec.labels, filters.get("label!") ?? [])
    if (!wanted) continue
    const backend = yield* backendOf(context, entry)
    const { rwBytes } = yield* backend.size(yield* handleOf(entry))
    yield* entry.lock.withPermit(removeLocked(context, entry, { volumes: false, tombstone: false }))
    deleted.push(spec.id)
    reclaimedBytes += rwBytes
  }
  yield* publish(context, "container", "prune", "", { reclaimed: String(reclaimedBytes) })
  return { deleted, reclaimedBytes }
})

import type { Fault } from "@sockerless/faults"
import { TASK } from "@sockerless/scanner-ecs"
import { Effect } from "effect"
import { BACKEND, type EcsContext } from "./context.ts"
import { placeOf } from "./place.ts"

/** `remove`: tasks first, then the task definition, then the tombstone. Idempotent; absent is success. */
export const removeContainer = Effect.fn("ecs.remove")(function* (
  context: EcsContext,
  id: string
): Effect.fn.Return<void, Fault> {
  const { resources } = yield* context.ledger.view
  const ours = resources.filter((entry) => entry.subject === id && entry.state !== "gone")
  const order = [...ours.filter(({ type }) => type === TASK), ...ours.filter(({ type }) => type !== TASK)]
  for (const entry of order) yield* context.ledger.dispose(entry.key, placeOf(context))
  context.live.delete(id)
  context.awaited.delete(id)
  yield* context.ledger.bury(id, BACKEND)
})

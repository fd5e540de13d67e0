import { Effect } from "effect"
import type { RestRoute } from "../wire/service.ts"
import { functionRoutes } from "./functions.ts"
import { invokeRoute } from "./invoke.ts"
import { EventQueue } from "./queue.ts"
import { Sandboxes } from "./sandboxes.ts"
import { settingRoutes } from "./settings.ts"
import type { LambdaShelf } from "./shelf.ts"

/** Lambda, ready to answer. */
export interface Lambda {
  readonly shelf: LambdaShelf
  readonly sandboxes: Sandboxes
  readonly routes: ReadonlyArray<RestRoute>
  /** Goes on with the sandboxes and events of the last run. */
  readonly takeUp: Effect.Effect<void>
}

/** Makes Lambda on what it held before. */
export const makeLambda = (shelf: LambdaShelf): Lambda => {
  const sandboxes = new Sandboxes(shelf)
  const queue = new EventQueue(shelf, sandboxes)
  return {
    shelf,
    sandboxes,
    routes: [invokeRoute(shelf, sandboxes, queue), ...functionRoutes(shelf, sandboxes), ...settingRoutes(shelf)],
    takeUp: Effect.gen(function* () {
      const atWork = new Set(sandboxes.known().flatMap((sandbox) => sandbox.requestId ?? []))
      yield* sandboxes.takeUp((requestId, outcome) => queue.settle(requestId, outcome))
      for (const queued of shelf.queue.all()) if (!atWork.has(queued.id)) yield* queue.deliver(queued.id)
    })
  }
}

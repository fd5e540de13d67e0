import type { StartedWorker } from "@sockerless/store"
import type { LaunchOrder } from "../launch/launch-order.ts"
import { graphOf } from "./graph.ts"
import { partsOf } from "./parts.ts"
import { runDaemon } from "./run.ts"

/** Runs the daemon over its started store until it is killed. */
export const runLocal = (order: LaunchOrder, store: StartedWorker): Promise<void> =>
  runDaemon(
    order,
    graphOf((given) => partsOf(given, store))
  )

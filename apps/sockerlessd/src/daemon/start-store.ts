import { type StartedWorker, startStoreWorker } from "@sockerless/store/start-worker"
import { join } from "node:path"
import type { LaunchOrder } from "../launch/launch-order.ts"
import { builtFile } from "./built-file.ts"

/** Starts the thread of the daemon's store. */
export const startStore = (order: LaunchOrder): StartedWorker => {
  const worker = builtFile("store-worker.js")
  return startStoreWorker({
    file: join(order.config.dataRoot, "state.db"),
    ...(worker === undefined ? {} : { worker })
  })
}

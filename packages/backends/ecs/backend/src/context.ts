import type { ExitReport } from "@sockerless/backend-contract"
import type { ImageStore } from "@sockerless/images"
import type { LedgerShape } from "@sockerless/resource-registry"
import type { EcsScope } from "@sockerless/scanner-ecs"
import type { Deferred, Queue } from "effect"
import type { EcsOptions, EcsTiming } from "./options.ts"

/** One run of a container, as long as this process knows of it. */
export interface LiveRun {
  readonly run: number
  readonly taskArn: string
  /** Completed when the task has stopped. */
  readonly ended: Deferred.Deferred<void>
}

/** What every verb of this backend works with. */
export interface EcsContext {
  readonly options: EcsOptions
  readonly scope: EcsScope
  readonly timing: EcsTiming
  readonly images: ImageStore["Service"]
  readonly ledger: LedgerShape
  readonly reports: Queue.Queue<ExitReport>
  /** Runs that were not seen to end yet, by container id. */
  readonly live: Map<string, LiveRun>
  /** Waiters for the next run of a container, for clients that attach before it starts. */
  readonly awaited: Map<string, Set<(run: LiveRun) => void>>
}

/** The word by which the ledger and `--runtime` know this backend. */
export const BACKEND = "ecs"
export const CONTAINER_NAME = "main"

import type { Handle } from "@sockerless/backend-contract"
import { Deferred, type Fiber, Semaphore } from "effect"
import type { ContainerSnapshot } from "./snapshot.ts"

/** How a run, or a container, ended. */
export interface Ended {
  readonly exitCode: number
  readonly error: string | undefined
}

/**
 * One container in memory: the projection of its durable record and what waits for it. `lock` serialises everything
 * that changes it; nobody holds it while waiting for the container's end, because the end itself needs it.
 */
export interface Entry {
  snapshot: ContainerSnapshot
  handle: Handle | undefined
  /** False until recovery has looked at it: changes are refused, reads are served. */
  reconciled: boolean
  readonly lock: Semaphore.Semaphore
  /** Settled at the end of the current run; renewed by every start. */
  nextExit: Deferred.Deferred<Ended>
  readonly removed: Deferred.Deferred<Ended>
  /** The wait before the next restart by policy. */
  restart: Fiber.Fiber<void> | undefined
  health: Fiber.Fiber<void> | undefined
  /** While a restart stops it, its end does not remove it. */
  isRestarted: boolean
  /** Milliseconds since the epoch of the last start, for the restart delay. */
  startedAtMillis: number
  restartDelayMillis: number
}

/** What goes with a container: its anonymous volumes; and what stays of it: its exit code for late waiters. */
export interface Removal {
  readonly volumes: boolean
  readonly tombstone: boolean
}

/** How a container with `--rm` goes. */
export const autoRemoval: Removal = { volumes: true, tombstone: true }

/** The removal that follows at once when such a container ends: durable together with its end. */
export const intentAtEnd = ({ spec }: ContainerSnapshot): ContainerRecord["intent"] =>
  spec.autoRemove ? { verb: "remove", id: spec.id, ...autoRemoval } : null

/** The durable form: what a restart of the daemon needs to rebuild an entry. */
export interface ContainerRecord {
  readonly snapshot: ContainerSnapshot
  readonly handle: Handle | null
  /** The verb under way when this was written; recovery completes or undoes it. */
  readonly intent:
    | { readonly verb: "create" | "start"; readonly id: string }
    | ({ readonly verb: "remove"; readonly id: string } & Removal)
    | null
}

export const makeEntry = (snapshot: ContainerSnapshot, handle: Handle | undefined, reconciled: boolean): Entry => ({
  snapshot,
  handle,
  reconciled,
  lock: Semaphore.makeUnsafe(1),
  nextExit: Deferred.makeUnsafe(),
  removed: Deferred.makeUnsafe(),
  restart: undefined,
  health: undefined,
  isRestarted: false,
  startedAtMillis: 0,
  restartDelayMillis: 0
})

export const isRunning = (entry: Entry): boolean => {
  const { status } = entry.snapshot.state
  return status === "running" || status === "paused"
}

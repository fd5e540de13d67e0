import type { Running } from "@sockerless/oci-runtime"
import { Semaphore } from "effect"
import type { Writable } from "node:stream"
import type { LaunchRecord } from "./launch-record.ts"

/**
 * What this process knows of one container beyond its files. A projection: recovery rebuilds it from the bundle.
 * `ended` is aborted when the current (or, before a start, the next) run has ended and its log is complete.
 */
export interface Live {
  running: Running | undefined
  record: LaunchRecord | undefined
  ended: AbortController
  /** Our end of the stdin FIFO of a `StdinOnce` container; closing it is EOF. */
  stdin: Writable | undefined
  /** Attached clients that came before the process was there. */
  readonly waitingForStdin: Set<() => void>
  /** Starts wait until the last run has given back what it held. */
  readonly lock: Semaphore.Semaphore
}

/** The containers this process has seen, by id. */
export class LiveContainers {
  readonly #byId = new Map<string, Live>()

  of(id: string): Live {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const made: Live = {
      running: undefined,
      record: undefined,
      ended: new AbortController(),
      stdin: undefined,
      waitingForStdin: new Set(),
      lock: Semaphore.makeUnsafe(1)
    }
    this.#byId.set(id, made)
    return made
  }

  /** Pid of a running container, 0 otherwise. */
  pidOf(id: string): number {
    return this.#byId.get(id)?.running?.pid ?? 0
  }

  forget(id: string): void {
    this.#byId.get(id)?.ended.abort()
    this.#byId.delete(id)
  }

  /** Marks a run as ended: followers of its log stop, attached clients of the next run start afresh. */
  end(id: string): void {
    const live = this.of(id)
    live.running = undefined
    live.stdin?.destroy()
    live.stdin = undefined
    const { ended } = live
    live.ended = new AbortController()
    ended.abort()
  }

  entries(): IterableIterator<[string, Live]> {
    return this.#byId.entries()
  }
}

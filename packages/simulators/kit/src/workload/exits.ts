import { type Exit, observe, readExit, type RuntimeFolders, watchExits } from "@sockerless/oci-runtime"
import { Deferred, Effect, Queue, type Scope } from "effect"
import type { WorkloadExit } from "./request.ts"

const MILLION = 1_000_000n
/** A process is gone a moment before its monitor has written how it ended. */
const WORD_TRIES = 250
const WORD_MILLIS = 20
/** What a container has that vanished without a word, as after a reboot: it was killed. */
const KILLED = 137

const exitOf = (exit: Exit): WorkloadExit => ({
  exitCode: exit.exitCode,
  oomKilled: exit.oomKilled,
  finishedAt: Number(exit.finishedAtNanos / MILLION)
})

/** Ends of containers, for whoever waits: known at once for one that has ended, also across restarts. */
export interface Exits {
  readonly of: (id: string, cgroupPath: string) => Effect.Effect<WorkloadExit>
}

/** Watches the folder in which monitors leave the ends of containers. */
export const makeExits = Effect.fnUntraced(function* (
  folders: RuntimeFolders
): Effect.fn.Return<Exits, never, Scope.Scope> {
  const waiting = new Map<string, Array<Deferred.Deferred<WorkloadExit>>>()
  const { exits } = yield* watchExits(folders)
  yield* Effect.forkScoped(
    Effect.forever(
      Effect.flatMap(Queue.take(exits), (exit) => {
        const waiters = waiting.get(exit.id) ?? []
        waiting.delete(exit.id)
        return Effect.forEach(waiters, (waiter) => Deferred.succeed(waiter, exitOf(exit)), { discard: true })
      })
    )
  )
  const vanished = (id: string, cgroupPath: string): Effect.Effect<WorkloadExit | undefined> =>
    Effect.gen(function* () {
      for (let tries = 0; tries < WORD_TRIES; tries++) {
        const now = observe(folders, id, cgroupPath)
        if (now._tag === "Exited") return exitOf(now.exit)
        if (now._tag === "Running") return undefined
        yield* Effect.sleep(WORD_MILLIS)
      }
      return { exitCode: KILLED, oomKilled: false, finishedAt: Date.now() }
    })
  return {
    of: (id, cgroupPath) =>
      Effect.gen(function* () {
        const waiter = yield* Deferred.make<WorkloadExit>()
        // Registered before looking, so that an end in between is not missed.
        waiting.set(id, [...(waiting.get(id) ?? []), waiter])
        const ended = readExit(folders, id)
        if (ended !== undefined) return exitOf(ended)
        const lost = yield* vanished(id, cgroupPath)
        return lost ?? (yield* Deferred.await(waiter))
      })
  }
})

import { mkdirSync, readdirSync, watch } from "node:fs"
import { Effect, Queue, type Scope } from "effect"
import { type Exit, readExit } from "./adopt.ts"
import type { RuntimeFolders } from "./bundle.ts"

/**
 * Every exit file that appears, once per name and modification. The folder is watched before it is listed, so an end
 * between the two is seen twice rather than never; the receiver knows ends by pid.
 */
export const watchExits = Effect.fn("oci.watchExits")(function* (
  folders: RuntimeFolders
): Effect.fn.Return<Queue.Dequeue<Exit>, never, Scope.Scope> {
  const queue = yield* Queue.unbounded<Exit>()
  const seen = new Map<string, bigint>()
  const look = (name: string): void => {
    if (!/^[0-9a-f]{64}$/.test(name)) return
    const exit = readExit(folders, name)
    if (exit === undefined || seen.get(name) === exit.finishedAtNanos) return
    seen.set(name, exit.finishedAtNanos)
    Queue.offerUnsafe(queue, exit)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      mkdirSync(folders.exits, { recursive: true, mode: 0o700 })
      return watch(folders.exits, (_, name) => {
        if (name !== null) look(name)
      })
    }),
    (watcher) => Effect.sync(() => watcher.close())
  )
  for (const name of readdirSync(folders.exits)) look(name)
  return queue
})

import { mkdirSync, readdirSync, watch } from "node:fs"
import { Effect, Queue, type Scope } from "effect"
import { type Exit, readExit } from "./adopt.ts"
import type { RuntimeFolders } from "./bundle.ts"

/** Ends as they are seen. One end may be told more than once; the receiver knows ends by their pid. */
export interface ExitWatch {
  readonly exits: Queue.Dequeue<Exit>
  /** Looks for the end of one container now, also when it was told before anybody knew its process. */
  readonly look: (id: string) => Effect.Effect<void>
}

/**
 * Every exit file that appears, once per name and modification. The folder is watched before it is listed, so an end
 * between the two is seen twice rather than never.
 */
export const watchExits = Effect.fn("oci.watchExits")(function* (
  folders: RuntimeFolders
): Effect.fn.Return<ExitWatch, never, Scope.Scope> {
  const queue = yield* Queue.unbounded<Exit>()
  const seen = new Map<string, bigint>()
  const notice = (name: string): void => {
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
        if (name !== null) notice(name)
      })
    }),
    (watcher) => Effect.sync(() => watcher.close())
  )
  for (const name of readdirSync(folders.exits)) notice(name)
  return {
    exits: queue,
    look: (id) =>
      Effect.sync(() => {
        const exit = readExit(folders, id)
        if (exit !== undefined) Queue.offerUnsafe(queue, exit)
      })
  }
})

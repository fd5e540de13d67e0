import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { remove } from "@sockerless/oci-runtime"
import { Effect } from "effect"
import { existsSync, renameSync } from "node:fs"
import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { LocalContext } from "./context.ts"
import { attempt } from "./faults.ts"
import { readLaunchRecord } from "./launch-record.ts"

/** Deletes what removed containers held on disk. A crash in the middle leaves it to the next start. */
export const deleteRemoved = (context: LocalContext): Effect.Effect<void> =>
  attempt("delete removed containers' folders", async () => {
    for (const name of await readdir(context.paths.removed)) {
      await rm(join(context.paths.removed, name), { recursive: true, force: true })
    }
  }).pipe(
    Effect.tapError((fault) => Effect.logWarning(fault.message)),
    Effect.ignore
  )

/** Out of the way in one step; nobody waits until all that a container wrote is deleted. */
const putAside = (context: LocalContext, id: string) =>
  attempt(`remove the folder of ${id}`, async () => {
    const { folder } = context.paths.container(id)
    if (existsSync(folder)) renameSync(folder, join(context.paths.removed, id))
  }).pipe(Effect.andThen(Effect.forkDetach(deleteRemoved(context))))

/** Removes everything of a container but its named volumes. Idempotent; what still runs is killed. */
export const removeContainer = Effect.fn("local.remove")(function* (
  context: LocalContext,
  id: string
): Effect.fn.Return<void, Fault> {
  const live = context.live.of(id)
  yield* live.lock.withPermit(
    Effect.gen(function* () {
      const record = live.record ?? readLaunchRecord(context.paths, id)
      context.live.end(id)
      yield* remove(context.tools, context.folders, id, record?.cgroupPath ?? `${context.cgroupParent}/${id}`)
      killpoint("local.remove.after-bundle")
      if (record !== undefined) yield* context.networks.leave(id, record)
      killpoint("local.remove.after-networks")
      yield* putAside(context, id)
    })
  )
  context.live.forget(id)
})

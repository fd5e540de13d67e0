import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { remove } from "@sockerless/oci-runtime"
import { Effect } from "effect"
import { rm } from "node:fs/promises"
import type { LocalContext } from "./context.ts"
import { attempt } from "./faults.ts"
import { readLaunchRecord } from "./launch-record.ts"

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
      yield* attempt(`remove the folder of ${id}`, () =>
        rm(context.paths.container(id).folder, { recursive: true, force: true })
      )
    })
  )
  context.live.forget(id)
})

import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import { backendOf, containerEvent, type EngineContext, handleOf, remainingLaunchOf } from "../context.ts"
import type { CommitContainer } from "./containers.ts"

/**
 * `docker commit`. A container is frozen by the backend only, its state is not changed: should the daemon die
 * meanwhile, recovery finds it frozen and shows it as paused, and `unpause` lets it go on.
 */
export const commitContainer = Effect.fn("engine.containers.commit")(function* (
  context: EngineContext,
  ref: string,
  request: CommitContainer
): Effect.fn.Return<string, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  const imageId = yield* entry.lock.withPermit(
    Effect.gen(function* () {
      const backend = yield* backendOf(context, entry)
      const handle = yield* handleOf(entry)
      const { spec, state } = entry.snapshot
      const layer = Effect.gen(function* () {
        const tar = yield* backend.archive.packChanges(yield* remainingLaunchOf(context, entry), handle)
        return yield* context.images.commit(tar, {
          ...request,
          parent: spec.image.id,
          containerId: spec.id,
          createdBy: spec.process.argv.join(" ")
        })
      })
      if (!request.pause || state.status !== "running" || !backend.features.has("pause")) return yield* layer
      return yield* Effect.acquireUseRelease(
        backend.pause(handle),
        () => layer,
        () =>
          backend.resume(handle).pipe(
            Effect.tapError((fault) => Effect.logWarning(`unfreezing ${spec.id} after commit: ${fault.message}`)),
            Effect.ignore
          )
      )
    })
  )
  yield* containerEvent(context, entry, "commit", {
    comment: request.comment,
    imageID: imageId,
    imageRef: request.repository === "" ? "" : `${request.repository}:${request.tag === "" ? "latest" : request.tag}`
  })
  return imageId
})

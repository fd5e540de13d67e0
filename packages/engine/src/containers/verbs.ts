import { Effect } from "effect"
import { backendOf, containerEvent, type EngineContext, handleOf, remainingLaunchOf } from "../context.ts"
import { conflict, type DockerFault, notRunning } from "../faults.ts"
import { commitContainer } from "./commit.ts"
import type { Containers } from "./containers.ts"
import { createContainer } from "./create.ts"
import { type Entry, isRunning } from "./entry.ts"
import { listContainers } from "./list.ts"
import { pauseContainer, unpauseContainer } from "./pause.ts"
import { whenOpen } from "../opening.ts"
import { pruneContainers } from "./prune.ts"
import { removeContainer } from "./remove.ts"
import { renameContainer } from "./rename.ts"
import { startContainer } from "./start.ts"
import { killContainer, restartContainer, stopContainer } from "./stop.ts"
import { attachTo, logsOf } from "./streams.ts"
import { updateContainer } from "./update.ts"
import { waitFor } from "./wait.ts"

const whileRunning = (entry: Entry): Effect.Effect<void, DockerFault> =>
  isRunning(entry) ? Effect.void : Effect.fail(notRunning(entry.snapshot.spec.id))

/** Entry, backend, handle and launch of a container: what the pass-through verbs need. */
const parts = Effect.fnUntraced(function* (context: EngineContext, ref: string) {
  const entry = yield* context.book.resolve(ref)
  return {
    entry,
    backend: yield* backendOf(context, entry),
    handle: yield* handleOf(entry),
    launch: yield* remainingLaunchOf(context, entry)
  }
})

const archiveVerbs = (
  context: EngineContext
): Pick<Containers["Service"], "archiveStat" | "archivePack" | "archiveUnpack" | "exportRoot"> => ({
  archiveStat: (ref, path) =>
    Effect.flatMap(parts(context, ref), ({ backend, launch, handle }) => backend.archive.stat(launch, handle, path)),
  archivePack: (ref, path) =>
    Effect.gen(function* () {
      const { entry, backend, launch, handle } = yield* parts(context, ref)
      const packed = yield* backend.archive.pack(launch, handle, path)
      yield* containerEvent(context, entry, "archive-path")
      return packed
    }),
  archiveUnpack: (ref, path, tar, options) =>
    Effect.gen(function* () {
      const { entry, backend, launch, handle } = yield* parts(context, ref)
      yield* backend.archive.unpack(launch, handle, path, tar, options)
      yield* containerEvent(context, entry, "extract-to-dir")
    }),
  exportRoot: (ref) =>
    Effect.gen(function* () {
      const { entry, backend, launch, handle } = yield* parts(context, ref)
      const tar = yield* backend.archive.exportRoot(launch, handle)
      yield* containerEvent(context, entry, "export")
      return tar
    })
})

const lookVerbs = (
  context: EngineContext
): Pick<Containers["Service"], "inspect" | "size" | "list" | "resize" | "top" | "stats"> => ({
  inspect: (ref) => Effect.map(context.book.resolve(ref), (entry) => entry.snapshot),
  size: (ref) =>
    Effect.gen(function* () {
      const { entry, backend, handle } = yield* parts(context, ref)
      const { rwBytes } = yield* backend.size(handle)
      const image = yield* context.images.resolve(entry.snapshot.spec.image.id).pipe(
        Effect.map((found) => found.sizeBytes),
        Effect.catch(() => Effect.succeed(0))
      )
      return { rwBytes, rootBytes: image + rwBytes }
    }),
  list: (options) => listContainers(context, options),
  resize: (ref, size) =>
    Effect.gen(function* () {
      const { entry, backend, handle } = yield* parts(context, ref)
      yield* whileRunning(entry)
      yield* backend.resize(handle, size)
      yield* containerEvent(context, entry, "resize", { height: String(size.rows), width: String(size.columns) })
    }),
  top: (ref, psArgs) =>
    Effect.gen(function* () {
      const { entry, backend, handle } = yield* parts(context, ref)
      if (entry.snapshot.state.status === "restarting") {
        return yield* Effect.fail(
          conflict(`container ${entry.snapshot.spec.id} is restarting, wait until the container is running`)
        )
      }
      yield* whileRunning(entry)
      const table = yield* backend.top(handle, psArgs)
      yield* containerEvent(context, entry, "top")
      return table
    }),
  stats: (ref) =>
    Effect.gen(function* () {
      const { entry, backend, handle } = yield* parts(context, ref)
      if (!isRunning(entry)) return { container: entry.snapshot, sample: undefined }
      const sample = yield* backend.stats(handle).pipe(
        Effect.catchIf(
          (fault) => fault.kind === "conflict",
          () => Effect.succeed(undefined)
        )
      )
      return { container: entry.snapshot, sample }
    })
})

/** The verbs of `docker container`. */
export const makeContainers = (context: EngineContext): Containers["Service"] => ({
  create: (request) => whenOpen(context, createContainer(context, request)),
  start: (ref) => startContainer(context, ref),
  stop: (ref, options) => stopContainer(context, ref, options),
  restart: (ref, options) => restartContainer(context, ref, options),
  kill: (ref, signal) => killContainer(context, ref, signal),
  pause: (ref) => pauseContainer(context, ref),
  unpause: (ref) => unpauseContainer(context, ref),
  rename: (ref, name) => renameContainer(context, ref, name),
  update: (ref, change) => updateContainer(context, ref, change),
  remove: (ref, options) => removeContainer(context, ref, options),
  prune: (filters) => whenOpen(context, pruneContainers(context, filters)),
  wait: (ref, condition) => waitFor(context, ref, condition),
  logs: (ref, options) => logsOf(context, ref, options),
  attach: (ref, request) => attachTo(context, ref, request),
  diff: (ref) =>
    Effect.flatMap(parts(context, ref), ({ backend, launch, handle }) => backend.archive.changes(launch, handle)),
  commit: (ref, request) => commitContainer(context, ref, request),
  changes: context.book.changes,
  ...lookVerbs(context),
  ...archiveVerbs(context)
})

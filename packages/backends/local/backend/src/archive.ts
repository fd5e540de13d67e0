import type { BackendShape, Launch, PathStat } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { ArchiveFailed, type FileOwner, packPath, resolveUser, statPath, unpackPath } from "@sockerless/oci-runtime"
import { Deferred, Effect, Fiber } from "effect"
import type { Readable } from "node:stream"
import { changesIn, mountPointsOf } from "./changes.ts"
import type { LocalContext } from "./context.ts"
import { withRoot } from "./root.ts"

const inDockersWords =
  (launch: Launch) =>
  (fault: Fault): Fault =>
    fault instanceof ArchiveFailed && fault.refusal === "not-found"
      ? new ArchiveFailed({
          refusal: "not-found",
          path: fault.path,
          text: `Could not find the file ${fault.path} in container ${launch.spec.name}`
        })
      : fault

/** Packs under a root that must stay mounted until the last byte was read; the root is let go when the tar closes. */
const packed = (context: LocalContext, launch: Launch, path: string, leaveOut: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const ready = yield* Deferred.make<{ readonly stat: PathStat; readonly tar: Readable }, Fault>()
    const packing = yield* withRoot(context, launch, (root) =>
      Effect.gen(function* () {
        const result = yield* packPath(context.helper, root, path, leaveOut)
        const closed = Effect.callback<void>((resume) => {
          result.tar.once("close", () => resume(Effect.void))
          return Effect.sync(() => result.tar.destroy())
        })
        yield* Deferred.succeed(ready, result)
        yield* closed
      })
    ).pipe(
      Effect.catchCause((cause) => Deferred.failCause(ready, cause)),
      Effect.forkDetach
    )
    // A client that left before the tar began leaves nobody to close it.
    return yield* Effect.onInterrupt(Deferred.await(ready), () => Fiber.interrupt(packing))
  }).pipe(Effect.mapError(inDockersWords(launch)))

const isReadOnlyTarget = (launch: Launch, path: string): boolean => {
  const inside = launch.spec.mounts
    .filter((mount) => path === mount.destination || path.startsWith(`${mount.destination}/`))
    .toSorted((a, b) => b.destination.length - a.destination.length)
  const [mount] = inside
  if (mount === undefined) return launch.spec.isolation.readOnlyRootfs
  return mount.type !== "tmpfs" && mount.readOnly
}

/** With `docker cp --archive` everything goes to the container's user, when it has one (as in dockerd). */
const ownerOf = Effect.fnUntraced(function* (
  context: LocalContext,
  launch: Launch
): Effect.fn.Return<FileOwner | undefined, Fault> {
  if (launch.spec.process.user === "") return undefined
  const layers = (yield* context.images.layerFolders(launch.spec.image.id)).toReversed()
  const { uid, gid } = yield* resolveUser(
    [context.paths.container(launch.spec.id).upper, ...layers],
    launch.spec.process.user,
    []
  )
  return { uid, gid }
})

/** The archive verbs over the confined helper. */
export const archiveOf = (context: LocalContext): BackendShape["archive"] => ({
  stat: (launch, _, path) =>
    withRoot(context, launch, (root) => statPath(context.helper, root, path)).pipe(
      Effect.mapError(inDockersWords(launch))
    ),
  pack: (launch, _, path) => packed(context, launch, path),
  unpack: (launch, _, path, tar, options) => {
    if (isReadOnlyTarget(launch, path)) {
      return Effect.fail(
        new ArchiveFailed({ refusal: "read-only", path, text: "container rootfs is marked read-only" })
      )
    }
    return Effect.flatMap(options.copyUIDGID ? ownerOf(context, launch) : Effect.succeed(undefined), (owner) =>
      withRoot(context, launch, (root) =>
        unpackPath(context.helper, root, path, tar, {
          noOverwriteDirNonDir: options.noOverwriteDirNonDir,
          ...(owner === undefined ? {} : { owner })
        })
      )
    ).pipe(Effect.mapError(inDockersWords(launch)))
  },
  ...changesIn(context),
  exportRoot: (launch) => Effect.map(packed(context, launch, "/.", mountPointsOf(launch)), ({ tar }) => tar)
})

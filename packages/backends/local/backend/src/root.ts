import type { Launch } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { type MountRequest, mountStopped } from "@sockerless/oci-runtime"
import { Effect } from "effect"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { layersFrom, mountRequests } from "./container-spec.ts"
import type { LocalContext } from "./context.ts"
import { attempt } from "./faults.ts"

/** Layers of the workload's image; an image without layers has one empty folder. */
export const layersOf = (context: LocalContext, launch: Launch) =>
  Effect.map(context.images.layerFolders(launch.spec.image.id), (folders) =>
    layersFrom(folders, join(context.paths.containers, "empty"))
  )

/** Lends the root of a container that does not run, with these mounts in it; unmounted afterwards. */
export const withStoppedRoot = <A, E extends Fault>(
  context: LocalContext,
  launch: Launch,
  mounts: ReadonlyArray<MountRequest>,
  use: (root: string) => Effect.Effect<A, E>
): Effect.Effect<A, Fault> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { folder, names } = yield* layersOf(context, launch)
      const files = context.paths.container(launch.spec.id)
      const mountpoint = join(files.folder, "rootfs")
      yield* attempt(`create ${mountpoint}`, () => mkdir(mountpoint, { recursive: true, mode: 0o711 }))
      const root = yield* mountStopped(
        { layers: names, layersFolder: folder, upper: files.upper, work: files.work, readOnly: false },
        mounts,
        mountpoint
      )
      return yield* use(root)
    })
  )

/** Lends the container's root as it is seen from inside, running or not, volumes included. */
export const withRoot = <A, E extends Fault>(
  context: LocalContext,
  launch: Launch,
  use: (root: string) => Effect.Effect<A, E>
): Effect.Effect<A, Fault> =>
  Effect.suspend((): Effect.Effect<A, Fault> => {
    const { running } = context.live.of(launch.spec.id)
    return running === undefined
      ? withStoppedRoot(context, launch, mountRequests(launch), use)
      : use(`/proc/${running.pid}/root`)
  })

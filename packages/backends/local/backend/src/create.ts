import type { Handle, Launch } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { lookupInLayers, packPath, unpackPath } from "@sockerless/oci-runtime"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { closeSync, fchmodSync, mkdirSync, openSync } from "node:fs"
import { mkdir, realpath, rename, rm, stat } from "node:fs/promises"
import { type LocalContext, handleOf } from "./context.ts"
import { attempt, LocalFailed } from "./faults.ts"
import { withStoppedRoot } from "./root.ts"
import { isEmptyVolume } from "./volumes.ts"

/** Users of a container read its identity files; the log is the daemon's. */
const IDENTITY_MODE = 0o644
const LOG_MODE = 0o640

/** The mode is set whatever the daemon's umask is. */
const touch = (path: string, mode: number): void => {
  const file = openSync(path, "a", mode)
  fchmodSync(file, mode)
  closeSync(file)
}

/** `--volume /missing:/x` makes the host folder, as dockerd does. */
const createBindSources = (launch: Launch) =>
  Effect.forEach(
    launch.spec.mounts.filter((mount) => mount.type === "bind" && mount.createSource),
    (mount) =>
      mount.type === "bind"
        ? attempt(`create bind source ${mount.source}`, async () => {
            const present = await stat(mount.source).then(
              () => true,
              () => false
            )
            if (!present) await mkdir(mount.source, { recursive: true })
          })
        : Effect.void
  )

/** Volumes of this launch that take over the image's content: empty ones at a place where the image holds something. */
const volumesToFill = Effect.fnUntraced(function* (context: LocalContext, launch: Launch) {
  const candidates = launch.spec.mounts.flatMap((mount) =>
    mount.type === "volume" && !mount.noCopy && mount.subpath === undefined ? [mount] : []
  )
  if (candidates.length === 0) return []
  const layers = (yield* context.images.layerFolders(launch.spec.image.id)).toReversed()
  return yield* Effect.filter(candidates, (mount) =>
    Effect.gen(function* () {
      const found = yield* attempt(`look for ${mount.destination} in the image`, async () =>
        lookupInLayers(layers, mount.destination)
      )
      if (found?.stats.isDirectory() !== true) return false
      return yield* isEmptyVolume(launch.volumeMountpoints[mount.name] ?? "")
    })
  )
})

const fill = Effect.fnUntraced(function* (
  context: LocalContext,
  root: string,
  destination: string,
  mountpoint: string
) {
  // Filled beside and renamed over the empty folder: after a crash a volume is empty or whole, never half filled.
  const place = yield* attempt("find the volume", () => realpath(mountpoint))
  const draft = `${place}.filling`
  yield* attempt("make room beside the volume", async () => {
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { mode: 0o755 })
  })
  const { tar } = yield* packPath(context.helper, root, `${destination}/.`)
  yield* unpackPath(context.helper, draft, "/", tar, { noOverwriteDirNonDir: false })
  killpoint("local.create.after-volume-fill")
  yield* attempt("put the content in place", () => rename(draft, place))
  killpoint("local.create.after-volume-rename")
})

/**
 * Makes the container's folders, its empty log (so that a client can attach before the start) and fills fresh volumes
 * from the image. Idempotent: a repeated call finds what is there.
 */
export const createContainer = Effect.fn("local.create")(function* (
  context: LocalContext,
  launch: Launch
): Effect.fn.Return<Handle, Fault> {
  const { id } = launch.spec
  const files = context.paths.container(id)
  yield* context.images.layerFolders(launch.spec.image.id)
  yield* attempt(`create folders of ${id}`, async () => {
    mkdirSync(files.upper, { recursive: true, mode: 0o755 })
    mkdirSync(files.work, { recursive: true, mode: 0o711 })
    for (const file of [files.hosts, files.hostname, files.resolvConf]) touch(file, IDENTITY_MODE)
    touch(files.log, LOG_MODE)
  })
  killpoint("local.create.after-folders")
  yield* createBindSources(launch)
  const volumes = yield* volumesToFill(context, launch)
  if (volumes.length > 0) {
    yield* withStoppedRoot(context, launch, [], (root) =>
      Effect.forEach(volumes, (mount) =>
        fill(context, root, mount.destination, launch.volumeMountpoints[mount.name] ?? "").pipe(
          Effect.mapError((fault) => new LocalFailed({ step: `fill volume ${mount.name}`, reason: fault.message }))
        )
      )
    )
  }
  return handleOf(id)
})

import type { BackendShape, Launch, PathChange } from "@sockerless/backend-contract"
import { isWhiteout, upperChanges, type UpperEntry } from "@sockerless/oci-runtime"
import { Effect, Schema } from "effect"
import { lstat } from "node:fs/promises"
import { join, posix } from "node:path"
import { createInterface } from "node:readline"
import type { LocalContext } from "./context.ts"
import { attempt } from "./faults.ts"

/** Where the runtime mounts something in every container: an empty file or folder there is a mount point, no change. */
const MOUNT_POINTS = ["/dev", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"]

/** Every place of a container at which something is mounted over its root. */
export const mountPointsOf = ({ spec }: Launch): ReadonlyArray<string> => [
  ...MOUNT_POINTS,
  ...spec.mounts.map((mount) => mount.destination)
]

const decodeEntry = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      path: Schema.String,
      kind: Schema.Literals(["whiteout", "directory", "other"]),
      opaque: Schema.Boolean
    })
  )
)

const present = (path: string) =>
  lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined
    throw error
  })

/**
 * What the image shows below each directory of the upper folder, so that no path is looked up through a link: for a
 * directory, the layers in which it is a real directory, up to the first that puts something else in its place.
 */
class ImageView {
  readonly #layersOf = new Map<string, ReadonlyArray<string>>()

  constructor(layersHighestFirst: ReadonlyArray<string>) {
    this.#layersOf.set("/", layersHighestFirst)
  }

  /** Whether the image has the path; must be asked for a directory before what is below it. */
  async has(entry: UpperEntry): Promise<boolean> {
    const layers = this.#layersOf.get(posix.dirname(entry.path)) ?? []
    const folders: Array<string> = []
    let found = false
    for (const layer of layers) {
      const stats = await present(join(layer, entry.path))
      if (stats === undefined) continue
      if (isWhiteout(stats)) break
      found = true
      if (!stats.isDirectory()) break
      folders.push(layer)
    }
    if (entry.kind === "directory") this.#layersOf.set(entry.path, entry.opaque ? [] : folders)
    return found
  }
}

const kindOf = async (image: ImageView, entry: UpperEntry): Promise<PathChange["kind"]> => {
  const before = await image.has(entry)
  if (entry.kind === "whiteout") return "deleted"
  return before ? "modified" : "added"
}

/** `docker diff` and the layer that `docker commit` makes, from the container's upper folder. */
export const changesIn = (context: LocalContext): Pick<BackendShape["archive"], "changes" | "packChanges"> => {
  const upperOf = (launch: Launch) => context.paths.container(launch.spec.id).upper
  return {
    changes: (launch) =>
      Effect.gen(function* () {
        const layers = (yield* context.images.layerFolders(launch.spec.image.id)).toReversed()
        const lines = yield* upperChanges(context.helper, "list-changes", upperOf(launch), MOUNT_POINTS)
        return yield* attempt("read what the container changed", async () => {
          const image = new ImageView(layers)
          const changes: Array<PathChange> = []
          for await (const line of createInterface({ input: lines })) {
            const entry = decodeEntry(line)
            changes.push({ path: entry.path, kind: await kindOf(image, entry) })
          }
          return changes
        })
      }),
    packChanges: (launch) => upperChanges(context.helper, "pack-changes", upperOf(launch), MOUNT_POINTS)
  }
}

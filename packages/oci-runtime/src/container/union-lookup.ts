import { lstatSync, readlinkSync, type Stats } from "node:fs"
import { join, posix } from "node:path"

/**
 * Finds a path in stacked layer folders the way overlayfs would show it, without mounting: used for the few small
 * files that must be read before a container exists. Symbolic links are resolved by text inside the stack, never by
 * the kernel, so no link leaves it. The layers are ours and nobody writes to them; the upper folder may be written by
 * the container itself, so callers look only while it does not run. A handful of calls that find everything in the
 * cache: each turn of the thread pool would cost more than all of them.
 */
const LINK_LIMIT = 40

const present = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })

/** The mark by which overlayfs hides what lower layers have. */
export const isWhiteout = (stats: Stats): boolean => stats.isCharacterDevice() && stats.rdev === 0

/** One component at a time; `layers` are highest first. Returns the visible entry or undefined. */
const visible = (
  layers: ReadonlyArray<string>,
  path: string
): { readonly path: string; readonly stats: Stats } | undefined => {
  for (const layer of layers) {
    const stats = present(join(layer, path))
    if (stats === undefined) continue
    return isWhiteout(stats) ? undefined : { path: join(layer, path), stats }
  }
  return undefined
}

/** The host path that shows `path`, its last component's links followed too; undefined when there is none. */
export const lookupInLayers = (
  layersHighestFirst: ReadonlyArray<string>,
  path: string
): { readonly path: string; readonly stats: Stats } | undefined => {
  const pending = posix
    .resolve("/", path)
    .split("/")
    .filter((part) => part !== "")
  let resolved = "/"
  let links = 0
  let found = visible(layersHighestFirst, "/")
  while (pending.length > 0) {
    const part = pending.shift() ?? ""
    if (part === "..") {
      resolved = posix.dirname(resolved)
      continue
    }
    const next = posix.join(resolved, part)
    found = visible(layersHighestFirst, next)
    if (found === undefined) return undefined
    if (!found.stats.isSymbolicLink()) {
      resolved = next
      continue
    }
    links += 1
    if (links > LINK_LIMIT) return undefined
    const target = readlinkSync(found.path)
    if (target.startsWith("/")) resolved = "/"
    pending.unshift(...target.split("/").filter((piece) => piece !== "" && piece !== "."))
    found = visible(layersHighestFirst, resolved)
  }
  return found
}

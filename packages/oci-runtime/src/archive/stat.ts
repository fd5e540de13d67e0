import { type BigIntStats, lstatSync, readlinkSync, realpathSync } from "node:fs"
import { posix } from "node:path"
import type { FileStat } from "./protocol.ts"

const MILLION = 1_000_000n

/** Go's `os.FileMode`: type bits high, permission bits low. */
const goMode = (stats: BigIntStats): number => {
  const mode = Number(stats.mode)
  const bit = (set: boolean, position: number): number => (set ? 2 ** position : 0)
  return (
    (mode & 0o777) +
    bit(stats.isDirectory(), 31) +
    bit(stats.isSymbolicLink(), 27) +
    bit(stats.isBlockDevice() || stats.isCharacterDevice(), 26) +
    bit(stats.isFIFO(), 25) +
    bit(stats.isSocket(), 24) +
    bit((mode & 0o4000) !== 0, 23) +
    bit((mode & 0o2000) !== 0, 22) +
    bit(stats.isCharacterDevice(), 21) +
    bit((mode & 0o1000) !== 0, 20)
  )
}

const rfc3339 = (nanos: bigint): string => {
  const fraction = String(((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "")
  const seconds = new Date(Number(nanos / MILLION)).toISOString().slice(0, 19)
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}Z`
}

/**
 * The path as Docker takes it: links on the way are followed, the last component's is not, unless the path ends in
 * "/" or "/.". Runs inside the container's root, so the kernel keeps every link inside.
 */
export const resolveKeepingLast = (path: string): string => {
  const absolute = posix.join("/", path)
  if (/\/\.?$/.test(path) || absolute === "/") return realpathSync(absolute)
  return posix.join(realpathSync(posix.dirname(absolute)), posix.basename(absolute))
}

const linkTargetOf = (resolved: string): string => {
  const target = posix.resolve(posix.dirname(resolved), readlinkSync(resolved))
  try {
    return realpathSync(target)
  } catch {
    // A dangling link is legal; its target is told as written.
    return target
  }
}

/** Docker's stat of a path inside the root. */
export const statOf = (path: string): FileStat => {
  const resolved = resolveKeepingLast(path)
  const stats = lstatSync(resolved, { bigint: true })
  return {
    name: posix.basename(posix.join("/", path)) || "/",
    size: Number(stats.size),
    mode: goMode(stats),
    mtime: rfc3339(stats.mtimeNs),
    linkTarget: stats.isSymbolicLink() ? linkTargetOf(resolved) : ""
  }
}

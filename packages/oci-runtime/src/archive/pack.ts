import { once } from "node:events"
import { createReadStream, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs"
import { posix } from "node:path"
import { pipeline } from "node:stream/promises"
import { lgetxattr, llistxattr } from "@sockerless/libc"
import { pack as createPack, type Pack } from "tar-stream"
import { resolveKeepingLast } from "./stat.ts"

type Headers = Parameters<Pack["entry"]>[0]

const READ_BYTES = 1024 * 1024

const xattrsOf = (path: string): Record<string, string> =>
  Object.fromEntries(
    llistxattr(path)
      .filter((name) => name === "security.capability" || name.startsWith("user."))
      .map((name) => [`SCHILY.xattr.${name}`, lgetxattr(path, name).toString("latin1")])
  )

const typeOf = (stats: Stats): Headers["type"] | undefined => {
  if (stats.isFile()) return "file"
  if (stats.isDirectory()) return "directory"
  if (stats.isSymbolicLink()) return "symlink"
  if (stats.isFIFO()) return "fifo"
  if (stats.isCharacterDevice()) return "character-device"
  if (stats.isBlockDevice()) return "block-device"
  return undefined
}

const headerOf = (path: string, name: string, stats: Stats): Headers | undefined => {
  const type = typeOf(stats)
  // Sockets have no form in a tar; dockerd leaves them out too.
  if (type === undefined) return undefined
  const pax = type === "symlink" ? {} : xattrsOf(path)
  const device = type === "character-device" || type === "block-device"
  return {
    name: type === "directory" ? `${name}/` : name,
    type,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    mtime: stats.mtime,
    size: type === "file" ? stats.size : 0,
    ...(type === "symlink" ? { linkname: readlinkSync(path) } : {}),
    ...(device ? { devmajor: Math.floor(stats.rdev / 256) & 0xfff, devminor: stats.rdev & 0xff } : {}),
    ...(Object.keys(pax).length > 0 ? { pax } : {})
  }
}

const addEntry = (tar: Pack, header: Headers): Promise<void> =>
  new Promise((resolve, reject) => {
    const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()))
    entry.end(undefined)
  })

/** A file that grows while it is read is cut at the size told; one that shrinks fails the archive, as in dockerd. */
const addFile = async (tar: Pack, header: Headers, path: string): Promise<void> => {
  const size = header.size ?? 0
  const entry = tar.entry(header)
  // A tar that is given up in the middle of a file never drains: reading ends then, so that the file is closed.
  const given = new AbortController()
  entry.on("error", () => given.abort())
  entry.on("close", () => given.abort())
  if (size === 0) {
    entry.end(undefined)
    return
  }
  await pipeline(createReadStream(path, { end: size - 1, highWaterMark: READ_BYTES }), async (chunks) => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      if (given.signal.aborted) throw new Error("the archive was given up")
      if (!entry.write(chunk)) await once(entry, "drain", given)
    }
    entry.end(undefined)
  })
}

export { createPack }

/** Adds one file, link, device or directory as `name`, not what is below it; hard links within the archive stay links. */
export const packEntry = async (tar: Pack, path: string, name: string, links: Map<string, string>): Promise<void> => {
  const stats = lstatSync(path)
  const header = headerOf(path, name, stats)
  if (header === undefined) return
  const known = stats.isFile() && stats.nlink > 1 ? links.get(`${stats.dev}:${stats.ino}`) : undefined
  if (known !== undefined) {
    await addEntry(tar, { ...header, type: "link", linkname: known, size: 0 })
    return
  }
  if (stats.isFile()) {
    if (stats.nlink > 1) links.set(`${stats.dev}:${stats.ino}`, name)
    await addFile(tar, header, path)
    return
  }
  await addEntry(tar, header)
}

/** What a mount covers cannot be seen from here; of its point there are name, mode and owner. */
const addMountPoint = async (tar: Pack, path: string, name: string): Promise<void> => {
  const header = headerOf(path, name, lstatSync(path))
  if (header !== undefined) await addEntry(tar, { ...header, size: 0 })
}

const addTree = async (
  tar: Pack,
  path: string,
  name: string,
  links: Map<string, string>,
  leaveOut: ReadonlySet<string>
): Promise<void> => {
  if (leaveOut.has(path)) return addMountPoint(tar, path, name)
  await packEntry(tar, path, name, links)
  if (!lstatSync(path).isDirectory()) return
  for (const child of readdirSync(path)) {
    await addTree(tar, posix.join(path, child), `${name}/${child}`, links, leaveOut)
  }
}

/** Docker names entries after the path's last component; a path ending in "/." gives the content as "./…". */
const rootName = (path: string): string => {
  if (path.endsWith("/.") || path === ".") return "."
  return posix.basename(posix.join("/", path)) || "."
}

/** Writes the tree at `path` as a tar to `output`, without what is below the `leaveOut` paths. */
export const packTo = async (
  path: string,
  output: NodeJS.WritableStream,
  leaveOut: ReadonlySet<string>
): Promise<void> => {
  const tar = createPack()
  const filled = async () => {
    try {
      await addTree(tar, resolveKeepingLast(path), rootName(path), new Map(), leaveOut)
      tar.finalize()
    } catch (error) {
      tar.destroy(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }
  await Promise.all([filled(), pipeline(tar as AsyncIterable<Buffer>, output)])
}

import {
  chmodSync,
  createWriteStream,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  type Stats
} from "node:fs"
import { posix } from "node:path"
import type { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { lsetxattr, makedev, mknod } from "@sockerless/libc"
import { type Extract, extract, type Header } from "tar-stream"
import type { FileOwner } from "./protocol.ts"
import { Refusal } from "./refusal.ts"

const S_IFIFO = 0o010000
const S_IFCHR = 0o020000
const S_IFBLK = 0o060000
const WRITE_BYTES = 1024 * 1024

interface Target {
  readonly folder: string
  readonly noOverwriteDirNonDir: boolean
  readonly owner?: FileOwner
  /** Times of folders are set last: writing into them changes them. */
  readonly folderTimes: Map<string, Date>
}

const present = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })

/** Where an entry goes; a name that leaves the destination is refused, as dockerd does. */
const placeOf = (target: Target, name: string): string => {
  if (name.includes("\0")) throw new Refusal("invalid", "invalid tar entry: a name with a NUL byte")
  const path = posix.join(target.folder, name)
  const inside =
    target.folder === "/" ? path.startsWith("/") : path === target.folder || path.startsWith(`${target.folder}/`)
  const climbs = posix.normalize(name).split("/").includes("..")
  if (!inside || climbs)
    throw new Refusal("invalid", `invalid tar entry "${name}": it is outside of "${target.folder}"`)
  return path
}

const checkLink = (target: Target, path: string, linkname: string): void => {
  const pointed = posix.join(posix.dirname(path), linkname)
  if (target.folder !== "/" && !pointed.startsWith(target.folder)) {
    throw new Refusal("invalid", `invalid symlink "${path}" -> "${linkname}"`)
  }
}

/** Makes room for an entry. True when a folder that is already there is to be kept. */
const makeRoom = (target: Target, path: string, header: Header): boolean => {
  const existing = present(path)
  if (existing === undefined) return false
  const isFolder = header.type === "directory"
  // A link to a folder may stand where the archive has a folder: dockerd keeps it and writes through it.
  const existingFolder =
    existing.isDirectory() ||
    (existing.isSymbolicLink() && isFolder && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
  if (target.noOverwriteDirNonDir && existingFolder && !isFolder) {
    throw new Refusal("invalid", `cannot overwrite directory "${path}" with non-directory "${target.folder}"`)
  }
  if (target.noOverwriteDirNonDir && !existingFolder && isFolder) {
    throw new Refusal("invalid", `cannot overwrite non-directory "${path}" with directory "${target.folder}"`)
  }
  if (existingFolder && isFolder) return true
  if (path !== target.folder) rmSync(path, { recursive: true, force: true })
  return false
}

const parents = (path: string): void => {
  mkdirSync(posix.dirname(path), { recursive: true, mode: 0o755 })
}

const applyMetadata = (target: Target, path: string, header: Header): void => {
  lchownSync(path, target.owner?.uid ?? header.uid, target.owner?.gid ?? header.gid)
  const pax: Readonly<Record<string, unknown>> =
    typeof header.pax === "object" && header.pax !== null ? { ...header.pax } : {}
  for (const [key, value] of Object.entries(pax)) {
    if (typeof value === "string" && key.startsWith("SCHILY.xattr."))
      lsetxattr(path, key.slice("SCHILY.xattr.".length), Buffer.from(value, "latin1"))
  }
  if (header.type !== "symlink") chmodSync(path, (header.mode ?? 0o644) & 0o7777)
  const time = header.mtime ?? new Date(0)
  if (header.type === "directory") target.folderTimes.set(path, time)
  else lutimesSync(path, time, time)
}

const makeNode = (path: string, header: Header, type: number): void => {
  mknod(path, type | ((header.mode ?? 0o644) & 0o7777), makedev(header.devmajor ?? 0, header.devminor ?? 0))
}

/** The archive's fault, not the destination's: a name under a file, a link to nothing, a name beyond the limits. */
const ENTRY_FAULTS = new Set(["ENOENT", "ENOTDIR", "EEXIST", "EISDIR", "ENOTEMPTY", "ELOOP", "ENAMETOOLONG", "EINVAL"])

const entryFault = (header: Header, error: unknown): unknown =>
  error instanceof Error && "code" in error && ENTRY_FAULTS.has(String(error.code))
    ? new Refusal(
        "invalid",
        `cannot unpack tar entry ${JSON.stringify(header.name.slice(0, 256))}: ${String(error.code)}`
      )
    : error

const writeEntry = async (target: Target, header: Header, content: AsyncIterable<Buffer>): Promise<void> => {
  const path = placeOf(target, header.name)
  const kept = makeRoom(target, path, header)
  parents(path)
  if (header.type === "directory") {
    if (!kept && path !== target.folder) mkdirSync(path)
    if (path === target.folder) return
  } else if (header.type === "symlink") {
    checkLink(target, path, header.linkname ?? "")
    symlinkSync(header.linkname ?? "", path)
  } else if (header.type === "link") {
    linkSync(placeOf(target, header.linkname ?? ""), path)
    return
  } else if (header.type === "fifo") makeNode(path, header, S_IFIFO)
  else if (header.type === "character-device") makeNode(path, header, S_IFCHR)
  else if (header.type === "block-device") makeNode(path, header, S_IFBLK)
  else if (header.type === "file" || header.type === "contiguous-file") {
    await pipeline(content, createWriteStream(path, { flags: "wx", mode: 0o600, highWaterMark: WRITE_BYTES }))
  } else throw new Refusal("invalid", `unhandled tar entry type "${String(header.type)}" of "${header.name}"`)
  applyMetadata(target, path, header)
}

/** The folder to unpack into, links followed. */
const destination = (path: string): string => {
  const folder = realpathSync(posix.join("/", path))
  if (!statSync(folder).isDirectory()) throw new Refusal("not-a-directory", "extraction point is not a directory")
  return folder
}

const feed = async (input: Readable, tar: Extract): Promise<void> => {
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      if (!tar.write(chunk)) await new Promise<void>((resolve) => tar.once("drain", () => resolve()))
    }
    tar.end(undefined)
  } catch (error) {
    tar.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

/** Unpacks a plain tar into the folder at `path`. Runs inside the container's root. */
export const unpackFrom = async (
  path: string,
  input: Readable,
  options: { readonly noOverwriteDirNonDir: boolean; readonly owner?: FileOwner }
): Promise<void> => {
  const target: Target = {
    folder: destination(path),
    folderTimes: new Map(),
    noOverwriteDirNonDir: options.noOverwriteDirNonDir,
    ...(options.owner === undefined ? {} : { owner: options.owner })
  }
  const tar = extract()
  const fed = feed(input, tar)
  // Awaited below; without a handler a failure before that would end the process.
  fed.catch(() => undefined)
  for await (const entry of tar) {
    try {
      await writeEntry(target, entry.header, entry as AsyncIterable<Buffer>)
    } catch (error) {
      throw entryFault(entry.header, error)
    }
    entry.resume()
  }
  await fed
  for (const [folder, time] of target.folderTimes) lutimesSync(folder, time, time)
}

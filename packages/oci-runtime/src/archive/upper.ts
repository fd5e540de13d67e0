import { lstatSync, readdirSync, type Stats } from "node:fs"
import { posix } from "node:path"
import { lgetxattr, llistxattr } from "@sockerless/libc"
import { createPack, packEntry } from "./pack.ts"
import { pipeline } from "node:stream/promises"
import type { UpperEntry } from "./protocol.ts"

const OPAQUE = "trusted.overlay.opaque"

const isWhiteout = (stats: Stats): boolean => stats.isCharacterDevice() && stats.rdev === 0

const isOpaque = (path: string): boolean =>
  llistxattr(path).includes(OPAQUE) && lgetxattr(path, OPAQUE).toString("latin1") === "y"

const isEmpty = (path: string, stats: Stats): boolean =>
  stats.isDirectory() ? readdirSync(path).length === 0 : stats.isFile() && stats.size === 0

/**
 * The paths that are in the upper folder only because the runtime mounts something there: those of `leaveOut` that are
 * empty, and directories that hold nothing else.
 */
const mountTraces = (leaveOut: ReadonlyArray<string>): ReadonlySet<string> => {
  const traces = new Set<string>()
  for (const path of leaveOut) {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined || !isEmpty(path, stats)) continue
    traces.add(path)
  }
  for (const path of [...traces]) {
    for (let folder = posix.dirname(path); folder !== "/"; folder = posix.dirname(folder)) {
      if (isOpaque(folder)) break
      if (!readdirSync(folder).every((name) => traces.has(posix.join(folder, name)))) break
      traces.add(folder)
    }
  }
  return traces
}

interface Found extends UpperEntry {
  readonly stats: Stats
}

function* entriesBelow(folder: string, traces: ReadonlySet<string>): Generator<Found> {
  for (const name of readdirSync(folder).toSorted()) {
    const path = posix.join(folder, name)
    if (traces.has(path)) continue
    const stats = lstatSync(path)
    if (isWhiteout(stats)) {
      yield { path, kind: "whiteout", opaque: false, stats }
    } else if (stats.isDirectory()) {
      yield { path, kind: "directory", opaque: isOpaque(path), stats }
      yield* entriesBelow(path, traces)
    } else {
      yield { path, kind: "other", opaque: false, stats }
    }
  }
}

/** Writes what the upper folder at `/` changes, as JSON lines, parents before children. */
export const listChanges = async (leaveOut: ReadonlyArray<string>, output: NodeJS.WritableStream): Promise<void> => {
  const lines = function* () {
    for (const { path, kind, opaque } of entriesBelow("/", mountTraces(leaveOut))) {
      yield `${JSON.stringify({ path, kind, opaque })}\n`
    }
  }
  await pipeline(lines, output)
}

/** Writes the upper folder at `/` as an image layer: whiteouts and opaque directories become `.wh.` files. */
export const packChanges = async (leaveOut: ReadonlyArray<string>, output: NodeJS.WritableStream): Promise<void> => {
  const tar = createPack()
  const written = pipeline(tar as AsyncIterable<Buffer>, output)
  const links = new Map<string, string>()
  const mark = (name: string, mtime: Date) =>
    new Promise<void>((resolve, reject) => {
      tar
        .entry({ name, type: "file", mode: 0, size: 0, mtime }, (error) => (error ? reject(error) : resolve()))
        .end(undefined)
    })
  for (const { path, kind, opaque, stats } of entriesBelow("/", mountTraces(leaveOut))) {
    const name = path.slice(1)
    if (kind === "whiteout") {
      const folder = posix.dirname(name)
      await mark(posix.join(folder === "." ? "" : folder, `.wh.${posix.basename(name)}`), stats.mtime)
      continue
    }
    await packEntry(tar, path, name, links)
    if (opaque) await mark(`${name}/.wh..wh..opq`, stats.mtime)
  }
  tar.finalize()
  await written
}

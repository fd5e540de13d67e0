import type { PathChange, PathStat } from "@sockerless/backend-contract"
import { posix } from "node:path"
import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { extract, pack } from "tar-stream"

interface Entry {
  /** Undefined for a folder. */
  readonly content: Buffer | undefined
  readonly mode: number
  readonly mtime: Date
}

/** Go's `os.ModeDir`. */
const MODE_DIR = 0x80000000
const FOLDER_MODE = 0o755

/** Files in memory, by absolute path. A folder is there before what is in it. */
export class FileTree {
  readonly #entries: Map<string, Entry>

  constructor(entries?: ReadonlyMap<string, Entry>) {
    this.#entries = new Map(entries ?? [["/", { content: undefined, mode: FOLDER_MODE, mtime: new Date(0) }]])
  }

  /** A copy that goes its own way. */
  copy(): FileTree {
    return new FileTree(this.#entries)
  }

  get(path: string): Entry | undefined {
    return this.#entries.get(path)
  }

  folder(path: string): this {
    this.#entries.set(path, { content: undefined, mode: FOLDER_MODE, mtime: new Date() })
    return this
  }

  file(path: string, content: Buffer, mode = 0o644): this {
    this.#entries.set(path, { content, mode, mtime: new Date() })
    return this
  }

  isFolder(path: string): boolean {
    const entry = this.#entries.get(path)
    return entry !== undefined && entry.content === undefined
  }

  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, { content }) => sum + (content?.length ?? 0), 0)
  }

  stat(path: string): PathStat | undefined {
    const entry = this.#entries.get(path)
    return entry === undefined
      ? undefined
      : {
          name: posix.basename(path) || "/",
          size: entry.content?.length ?? 0,
          mode: entry.mode + (entry.content === undefined ? MODE_DIR : 0),
          mtime: entry.mtime.toISOString(),
          linkTarget: ""
        }
  }

  /** A tar of one path and all below it, named as Docker names it: by its last component. */
  pack(path: string): Readable {
    const name = posix.basename(path)
    return this.#tarOf(this.#below(path).map((below) => [below, posix.join(name, posix.relative(path, below))]))
  }

  async unpack(path: string, tar: Readable): Promise<void> {
    for await (const entry of tar.pipe(extract())) {
      const target = posix.join(path, entry.header.name)
      if (entry.header.type === "directory") this.folder(target.replace(/\/$/, ""))
      else this.file(target, await buffer(entry), entry.header.mode)
      entry.resume()
    }
  }

  changesSince(base: FileTree): ReadonlyArray<PathChange> {
    const added = [...this.#entries].flatMap(([path, entry]): ReadonlyArray<PathChange> => {
      const before = base.get(path)
      if (before === undefined) return [{ path, kind: "added" }]
      return before === entry ? [] : [{ path, kind: "modified" }]
    })
    const deleted = [...base.#entries.keys()].filter((path) => !this.#entries.has(path))
    return [...added, ...deleted.map((path) => ({ path, kind: "deleted" as const }))].toSorted((a, b) =>
      a.path < b.path ? -1 : 1
    )
  }

  /** A tar of these paths, named from the root. */
  packPaths(paths: ReadonlyArray<string>): Readable {
    return this.#tarOf(paths.map((path) => [path, path.slice(1)]))
  }

  #below(path: string): ReadonlyArray<string> {
    const prefix = path === "/" ? "/" : `${path}/`
    return [...this.#entries.keys()].filter((other) => other === path || other.startsWith(prefix)).toSorted()
  }

  #tarOf(names: ReadonlyArray<readonly [path: string, name: string]>): Readable {
    const tar = pack()
    for (const [path, name] of names) {
      const entry = this.#entries.get(path)
      if (entry === undefined || name === "" || name === ".") continue
      const header = { name, mode: entry.mode, mtime: entry.mtime }
      if (entry.content === undefined) tar.entry({ ...header, type: "directory" })
      else tar.entry({ ...header, type: "file" }, entry.content)
    }
    tar.finalize()
    return Readable.from(tar)
  }
}

/** What every image of this place holds. */
export const imageTree = (): FileTree =>
  new FileTree().folder("/tmp").folder("/etc").file("/etc/passwd", Buffer.from("root:x:0:0:root:/root:/bin/sh\n"))

import { createReadStream, existsSync, readdirSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join, posix } from "node:path"
import type { Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { pack, type Pack } from "tar-stream"

/**
 * The layer that lets the agent run in any image of this architecture, an empty one included: an init that reaps, the
 * Node that builds the layer, the libraries it has loaded, and the agent. Nothing of the image is needed or touched.
 * The same files give the same bytes, so that a registry holds the layer once.
 */
export interface LayerFile {
  /** Within the image, without a leading slash. */
  readonly path: string
  readonly source: string
  readonly mode: number
}

const ROOT = ".sl"

/** What an image with the layer runs as its first process; it reads the rest from its environment. */
export const agentCommand: ReadonlyArray<string> = [
  `/${ROOT}/init`,
  "--",
  `/${ROOT}/lib/ld.so`,
  "--library-path",
  `/${ROOT}/lib`,
  `/${ROOT}/node`,
  `/${ROOT}/agent.js`
]

const require = createRequire(import.meta.url)

/** The folders of the terminal's package and of its native part. */
const terminalFolders = (): ReadonlyArray<string> => {
  const main = dirname(require.resolve("@lydell/node-pty/package.json"))
  const native = `@lydell/node-pty-${process.platform}-${process.arch}`
  return [main, dirname(createRequire(join(main, "package.json")).resolve(`${native}/package.json`))]
}

const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(js|node|json)$/.test(name) && statSync(join(folder, name)).isFile())
    .toSorted()

const terminalFiles = (): ReadonlyArray<LayerFile> =>
  terminalFolders().flatMap((folder) => {
    const name = basename(folder)
    return filesBelow(folder).map((file) => ({
      path: posix.join(ROOT, "node_modules/@lydell", name, file),
      source: join(folder, file),
      mode: 0o644
    }))
  })

/** The shared objects of this process, the terminal's native part included; only real files. */
const libraries = (): ReadonlyArray<LayerFile> => {
  require("@lydell/node-pty")
  // Its names of peers would be asked of the name server; the declared type does not know the switch.
  Reflect.set(process.report, "excludeNetwork", true)
  const report: { readonly sharedObjects?: ReadonlyArray<string> } = process.report.getReport()
  return (report.sharedObjects ?? [])
    .filter((file) => existsSync(file) && !file.endsWith(".node"))
    .map((file) => ({
      path: `${ROOT}/lib/${/^ld-(linux|musl)/.test(basename(file)) ? "ld.so" : basename(file)}`,
      source: file,
      mode: 0o755
    }))
}

/** The layer's files for a built agent. `init` is a static program that reaps, tini-static unless said otherwise. */
export const layerFiles = (agent: string, init = "/usr/bin/tini-static"): ReadonlyArray<LayerFile> =>
  [
    { path: `${ROOT}/init`, source: init, mode: 0o755 },
    { path: `${ROOT}/node`, source: process.execPath, mode: 0o755 },
    { path: `${ROOT}/agent.js`, source: agent, mode: 0o644 },
    ...libraries(),
    ...terminalFiles()
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1))

const foldersOf = (files: ReadonlyArray<LayerFile>): ReadonlyArray<string> => {
  const folders = new Set<string>()
  for (const { path } of files) {
    for (let at = posix.dirname(path); at !== "."; at = posix.dirname(at)) folders.add(at)
  }
  return [...folders].toSorted()
}

const same = { uid: 0, gid: 0, mtime: new Date(0) }

const addFolder = (tar: Pack, name: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const header = { ...same, name: `${name}/`, type: "directory", mode: 0o755 } as const
    tar.entry(header, (error) => (error ? reject(error) : resolve())).end(undefined)
  })

const addFile = async (tar: Pack, file: LayerFile): Promise<void> => {
  const size = statSync(file.source).size
  const entry = tar.entry({ ...same, name: file.path, mode: file.mode, size })
  await pipeline(createReadStream(file.source), entry as object as Writable)
}

/** Writes the layer as an uncompressed tar. */
export const writeLayer = async (files: ReadonlyArray<LayerFile>, output: Writable): Promise<void> => {
  const tar = pack()
  const fill = async () => {
    try {
      for (const folder of foldersOf(files)) await addFolder(tar, folder)
      for (const file of files) await addFile(tar, file)
      tar.finalize()
    } catch (error) {
      tar.destroy(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }
  await Promise.all([fill(), pipeline(tar as AsyncIterable<Buffer>, output)])
}

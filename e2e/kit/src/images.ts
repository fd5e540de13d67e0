import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { buffer } from "node:stream/consumers"
import { pack } from "tar-stream"

/** One entry of a layer. */
export interface TreeEntry {
  readonly path: string
  readonly content?: string | Buffer
  readonly mode?: number
  readonly linkTo?: string
  readonly hardLinkTo?: string
  readonly folder?: boolean
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** What an image is made of: layers lowest first, and its config. */
export interface ImageSource {
  readonly tag: string
  readonly layers: ReadonlyArray<ReadonlyArray<TreeEntry>>
  readonly config?: Readonly<Record<string, unknown>>
}

const tarOf = async (entries: ReadonlyArray<TreeEntry>): Promise<Buffer> => {
  const tar = pack()
  const whole = buffer(tar)
  for (const entry of entries) {
    const header = {
      name: entry.path,
      mtime: new Date(1_700_000_000_000),
      uid: entry.owner?.uid ?? 0,
      gid: entry.owner?.gid ?? 0
    }
    if (entry.folder === true) tar.entry({ ...header, type: "directory", mode: entry.mode ?? 0o755 })
    else if (entry.linkTo !== undefined) tar.entry({ ...header, type: "symlink", linkname: entry.linkTo })
    else if (entry.hardLinkTo !== undefined)
      tar.entry({ ...header, type: "link", linkname: entry.hardLinkTo, mode: entry.mode ?? 0o644 })
    else tar.entry({ ...header, mode: entry.mode ?? 0o644 }, entry.content ?? "")
  }
  tar.finalize()
  return whole
}

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")

/** An image as `docker save` of old wrote it: a docker-archive tar for `docker load`. */
export const makeImage = async (source: ImageSource): Promise<Buffer> => {
  const layers = await Promise.all(source.layers.map(tarOf))
  const created = "2024-01-01T00:00:00Z"
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      created,
      config: source.config ?? {},
      rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${digest(layer)}`) },
      history: layers.map((_, at) => ({ created, created_by: `layer ${at}` }))
    })
  )
  const names = layers.map((layer) => `${digest(layer)}/layer.tar`)
  const manifest = JSON.stringify([{ Config: `${digest(config)}.json`, RepoTags: [source.tag], Layers: names }])
  return tarOf([
    { path: `${digest(config)}.json`, content: config },
    ...layers.map((layer, at) => ({ path: names[at] ?? "", content: layer })),
    { path: "manifest.json", content: manifest }
  ])
}

const busyboxPath = (): string => {
  const found = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path))
  if (found === undefined) throw new Error("the tests make their image from busybox: install busybox-static")
  return found
}

const accounts = {
  passwd: `root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/home:/bin/false
app:x:1000:1000:app:/home/app:/bin/sh
`,
  group: `root:x:0:
nogroup:x:65534:
app:x:1000:
extra:x:2000:app
`
}

/** The layer all test images stand on: busybox with its applets, accounts, /tmp. */
export const busyboxLayer = (): ReadonlyArray<TreeEntry> => {
  const path = busyboxPath()
  const applets = execFileSync(path, ["--list"], { encoding: "utf8" })
    .split("\n")
    .filter((name) => name !== "" && name !== "busybox")
  const folders = ["bin", "etc", "root", "home", "home/app", "usr", "usr/bin", "var"]
  return [
    ...folders.map((folder) => ({ path: folder, folder: true })),
    { path: "tmp", folder: true, mode: 0o1777 },
    { path: "bin/busybox", content: readFileSync(path), mode: 0o755 },
    ...applets.map((name) => ({ path: `bin/${name}`, hardLinkTo: "bin/busybox", mode: 0o755 })),
    { path: "etc/passwd", content: accounts.passwd },
    { path: "etc/group", content: accounts.group }
  ]
}

/** The image every test runs: `busybox:latest` with `sh` as its command. */
export const busyboxArchive = (
  tag = "busybox:latest",
  config: Readonly<Record<string, unknown>> = {},
  more: ReadonlyArray<TreeEntry> = []
): Promise<Buffer> =>
  makeImage({
    tag,
    layers: more.length === 0 ? [busyboxLayer()] : [busyboxLayer(), more],
    config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["sh"], ...config }
  })

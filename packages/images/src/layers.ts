import { spawn } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { lstatSync } from "node:fs"
import { access, mkdir, open, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { lsetxattr } from "@sockerless/libc"
import { killpoint } from "@sockerless/killpoints"
import type { Blobs } from "./blobs.ts"
import { decompressed } from "./decompress.ts"
import { imageFault } from "./faults.ts"
import { needsNoChange, OverlayTar } from "./overlay-tar.ts"
import { tarEnd } from "./tar-header.ts"

const SHORT_CHARS = 16

/** Where a layer's content is. */
export interface LayerContent {
  readonly open: () => Readable
  /** The content as a file, where that is the layer's plain tar and its digest is known to be the diff id. */
  readonly plainFile?: string
}

/**
 * Unpacked layers, one folder per diff id, independent of what lies below: deletions are overlayfs whiteouts.
 * Invariant: `layers/<hex>/done` exists only when `diff` is complete; it is renamed into place with it.
 */
export class Layers {
  readonly #folder: string
  readonly #links: string
  readonly #unpacking = new Map<string, Promise<void>>()

  constructor(root: string) {
    this.#folder = join(root, "layers")
    // Short names in one folder: the mount's option string must hold up to 127 of them.
    this.#links = join(this.#folder, "l")
  }

  async open(): Promise<void> {
    await mkdir(this.#links, { recursive: true, mode: 0o711 })
    const drafts = (await readdir(this.#folder)).filter((name) => name.startsWith(".draft-"))
    for (const draft of drafts) await rm(join(this.#folder, draft), { recursive: true, force: true })
  }

  #place(diffId: string): string {
    return join(this.#folder, diffId.slice("sha256:".length))
  }

  /** The short path of an unpacked layer. */
  link(diffId: string): string {
    return join(this.#links, diffId.slice("sha256:".length, "sha256:".length + SHORT_CHARS))
  }

  async has(diffId: string): Promise<boolean> {
    return access(join(this.#place(diffId), "done")).then(
      () => true,
      () => false
    )
  }

  /** Bytes of the layer's tar. */
  async size(diffId: string): Promise<number> {
    return Number(await readFile(join(this.#place(diffId), "done"), "utf8"))
  }

  async remove(diffId: string): Promise<void> {
    await rm(this.link(diffId), { force: true })
    await rm(this.#place(diffId), { recursive: true, force: true })
  }

  async all(): Promise<ReadonlyArray<string>> {
    return (await readdir(this.#folder)).filter((name) => /^[0-9a-f]{64}$/.test(name)).map((hex) => `sha256:${hex}`)
  }

  /** Unpacks a layer's content, checking that it is the one the image names. Done already is success. */
  async unpack(diffId: string, content: LayerContent): Promise<void> {
    // One at a time; whoever waited takes the result, or tries with its own content when the other's was bad.
    for (let other = this.#unpacking.get(diffId); other !== undefined; other = this.#unpacking.get(diffId)) await other
    const unpacking = this.#unpackAlone(diffId, content)
    const settled = unpacking.then(
      () => undefined,
      () => undefined
    )
    this.#unpacking.set(diffId, settled)
    await unpacking.finally(() => this.#unpacking.delete(diffId))
  }

  async #unpackAlone(diffId: string, content: LayerContent): Promise<void> {
    if (await this.has(diffId)) return
    const draft = join(this.#folder, `.draft-${randomBytes(8).toString("hex")}`)
    await mkdir(join(draft, "diff"), { recursive: true, mode: 0o755 })
    try {
      killpoint("images.layer.before-unpack")
      const { digest, bytes, opaque } = await extract(diffId, content, join(draft, "diff"))
      if (digest !== diffId) {
        throw imageFault("invalid", `layer verification failed: the image names ${diffId}, the content has ${digest}`)
      }
      for (const folder of opaque) markOpaque(join(draft, "diff"), folder)
      await writeFile(join(draft, "done"), String(bytes))
      killpoint("images.layer.before-rename")
      await rm(this.#place(diffId), { recursive: true, force: true })
      await rename(draft, this.#place(diffId))
      killpoint("images.layer.after-rename")
    } catch (error) {
      await rm(draft, { recursive: true, force: true })
      throw error
    }
  }

  /** Makes sure the short link is there; a crash may have come before it. */
  async linked(diffId: string): Promise<string> {
    const link = this.link(diffId)
    await symlink(join("..", diffId.slice("sha256:".length), "diff"), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error
    })
    return link
  }
}

/** A stored blob as a layer's content: where it is the plain tar its digest was checked when it was written. */
export const layerContent = (blobs: Blobs, blob: string, diffId: string): LayerContent => ({
  open: () => blobs.read(blob),
  ...(blob === diffId ? { plainFile: blobs.path(blob) } : {})
})

/** Only through real folders: a link in a hostile layer must not lead the mark elsewhere. */
const markOpaque = (root: string, folder: string): void => {
  let path = root
  for (const part of folder.split("/").filter((piece) => piece !== "" && piece !== ".")) {
    path = join(path, part)
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw imageFault("invalid", `opaque folder "${folder}" is not a folder`)
  }
  lsetxattr(path, "trusted.overlay.opaque", Buffer.from("y"))
}

const TAR_ARGUMENTS = [
  ...["-x", "-p", "--same-owner", "--numeric-owner", "--xattrs", "--xattrs-include=*"],
  // overlayfs keeps its own marks there: an image must not bring any.
  ...["--xattrs-exclude=trusted.overlay.*", "--xattrs-exclude=user.overlay.*"]
]
const COMPLAINT_CHARS = 4096

/** Writes to a program that may end before it has read everything; false when it has. */
const offer = (sink: Writable, bytes: Buffer): Promise<boolean> | boolean => {
  if (sink.destroyed) return false
  if (sink.write(bytes)) return true
  return new Promise((resolve) => {
    const settle = () => {
      sink.off("drain", settle)
      sink.off("close", settle)
      resolve(!sink.destroyed)
    }
    sink.on("drain", settle)
    sink.on("close", settle)
  })
}

interface Unpacked {
  readonly digest: string
  readonly bytes: number
  readonly opaque: ReadonlyArray<string>
}

/** Sends a layer's tar to the program's input, rewritten for overlayfs; all of it is hashed, come what may. */
const feed = async (content: AsyncIterable<Buffer>, sink: Writable): Promise<Unpacked> => {
  const hash = createHash("sha256")
  const overlay = new OverlayTar()
  let bytes = 0
  let wanted = true
  for await (const chunk of content) {
    hash.update(chunk)
    bytes += chunk.length
    for (const piece of overlay.push(chunk)) wanted = wanted && (await offer(sink, piece))
  }
  overlay.finish()
  if (wanted) sink.end(tarEnd)
  return { digest: `sha256:${hash.digest("hex")}`, bytes, opaque: overlay.opaque }
}

/** GNU tar writes the files: natively fast, keeps owners, modes, xattrs and holes, and delays links that lead out. */
const startTar = (folder: string, input: "pipe" | number) => {
  const tar = spawn("tar", [...TAR_ARGUMENTS, "-C", folder, "-f", "-"], { stdio: [input, "ignore", "pipe"] })
  let complaints = ""
  tar.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (complaints.length < COMPLAINT_CHARS) complaints += text
  })
  const finished = new Promise<number>((resolve, reject) => {
    tar.once("error", reject)
    tar.once("close", (code) => resolve(code ?? 1))
  })
  // Awaited later; a failure to start must not end the daemon before.
  finished.catch(() => undefined)
  const succeeded = async (): Promise<void> => {
    if ((await finished) === 0) return
    throw imageFault("invalid", `unpacking the layer failed: ${complaints.trim().slice(0, 500)}`)
  }
  return { tar, finished, succeeded }
}

const extractInto = async (content: Readable, folder: string): Promise<Unpacked> => {
  const { tar, finished, succeeded } = startTar(folder, "pipe")
  const sink = tar.stdin
  if (sink === null) throw imageFault("failed", "tar has no input")
  // It may end before it has read everything: its exit code tells why.
  sink.on("error", () => undefined)
  try {
    const unpacked = await feed(await decompressed(content), sink)
    await succeeded()
    return unpacked
  } catch (error) {
    content.destroy()
    tar.kill("SIGKILL")
    await finished
    throw error
  }
}

/** A layer that needs no change goes to tar as it lies there, without passing through here. */
const extract = async (diffId: string, content: LayerContent, folder: string): Promise<Unpacked> => {
  const { plainFile } = content
  if (plainFile === undefined || !(await needsNoChange(plainFile))) return extractInto(content.open(), folder)
  const file = await open(plainFile, "r")
  try {
    await startTar(folder, file.fd).succeeded()
    return { digest: diffId, bytes: (await file.stat()).size, opaque: [] }
  } finally {
    await file.close()
  }
}

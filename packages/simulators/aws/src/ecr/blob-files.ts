import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { createWriteStream } from "node:fs"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { Effect } from "effect"

const UPLOAD = /^[0-9a-f-]{36}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Whether a text is a digest that this registry can hold. */
export const isDigest = (text: string): boolean => DIGEST.test(text)

/**
 * Blobs by digest and uploads on the way there. A file under its digest is complete, because it is renamed into place
 * when its digest has been checked; an upload survives the simulator with what it has received.
 */
export class BlobFiles {
  readonly #blobs: string
  readonly #uploads: string

  constructor(root: string) {
    this.#blobs = join(root, "blobs")
    this.#uploads = join(root, "uploads")
  }

  path(digest: string): string {
    return join(this.#blobs, digest.slice("sha256:".length))
  }

  readonly open: Effect.Effect<void> = Effect.promise(async () => {
    await mkdir(this.#blobs, { recursive: true, mode: 0o700 })
    await mkdir(this.#uploads, { recursive: true, mode: 0o700 })
  })

  text(digest: string): Effect.Effect<string> {
    return Effect.promise(() => readFile(this.path(digest), "utf8"))
  }

  read(digest: string, range?: { readonly start: number; readonly end: number }): Readable {
    return createReadStream(this.path(digest), range)
  }

  /** Stores small content at once. */
  put(content: Buffer): Effect.Effect<string> {
    return Effect.promise(async () => {
      const hex = createHash("sha256").update(content).digest("hex")
      const draft = join(this.#uploads, `${hex}.draft`)
      await writeFile(draft, content)
      await rename(draft, join(this.#blobs, hex))
      return `sha256:${hex}`
    })
  }

  begin(upload: string): Effect.Effect<void> {
    return Effect.promise(() => appendFile(join(this.#uploads, upload), ""))
  }

  /** Bytes received so far; undefined for an upload that is not known. */
  received(upload: string): Effect.Effect<number | undefined> {
    if (!UPLOAD.test(upload)) return Effect.succeed(undefined)
    return Effect.promise(() =>
      stat(join(this.#uploads, upload)).then(
        (stats) => stats.size,
        () => undefined
      )
    )
  }

  /** Adds a body to an upload. False when the connection broke; what came before that stays. */
  append(upload: string, body: Readable): Effect.Effect<boolean> {
    return Effect.promise(() =>
      pipeline(body, createWriteStream(join(this.#uploads, upload), { flags: "a" })).then(
        () => true,
        () => false
      )
    )
  }

  /** Ends an upload under its digest and gives its size; undefined when the content has another digest. */
  finish(upload: string, digest: string): Effect.Effect<number | undefined> {
    return Effect.promise(async () => {
      const file = join(this.#uploads, upload)
      const hash = createHash("sha256")
      for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) hash.update(piece)
      if (`sha256:${hash.digest("hex")}` !== digest) return undefined
      const { size } = await stat(file)
      await rename(file, this.path(digest))
      return size
    })
  }

  abandon(upload: string): Effect.Effect<void> {
    return Effect.promise(() => rm(join(this.#uploads, upload), { force: true }))
  }
}

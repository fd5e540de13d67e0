import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { access, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { killpoint } from "@sockerless/killpoints"
import { BatchedFile } from "./batched-file.ts"
import { ImageFault, imageFault } from "./faults.ts"

export interface WrittenBlob {
  readonly digest: string
  readonly size: number
}

export interface BlobExpectation {
  readonly digest?: string
  readonly size?: number
  /** Called with the bytes written so far. */
  readonly onProgress?: (bytes: number) => void
}

const DIGEST = /^sha256:[0-9a-f]{64}$/
const HOLD_BYTES = 1024 * 1024

/**
 * Content by digest: `blobs/sha256/<hex>`. Invariant: a file under its digest is complete and has that digest, because
 * it is written elsewhere, synced, and renamed into place last.
 */
export class Blobs {
  readonly #folder: string
  readonly #drafts: string

  constructor(root: string) {
    this.#folder = join(root, "blobs", "sha256")
    this.#drafts = join(root, "blobs", "drafts")
  }

  /** Makes the folders and forgets half-written content. */
  async open(): Promise<void> {
    await rm(this.#drafts, { recursive: true, force: true })
    await mkdir(this.#drafts, { recursive: true, mode: 0o700 })
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
  }

  path(digest: string): string {
    if (!DIGEST.test(digest))
      throw imageFault("invalid", `invalid digest ${JSON.stringify(digest)}, allowed is sha256:<64 hex digits>`)
    return join(this.#folder, digest.slice("sha256:".length))
  }

  async has(digest: string): Promise<boolean> {
    return access(this.path(digest)).then(
      () => true,
      () => false
    )
  }

  async size(digest: string): Promise<number> {
    return (await stat(this.path(digest))).size
  }

  read(digest: string): Readable {
    return createReadStream(this.path(digest), { highWaterMark: HOLD_BYTES })
  }

  async text(digest: string): Promise<string> {
    return readFile(this.path(digest), "utf8")
  }

  async all(): Promise<ReadonlyArray<string>> {
    return (await readdir(this.#folder)).map((hex) => `sha256:${hex}`)
  }

  async remove(digest: string): Promise<void> {
    await rm(this.path(digest), { force: true })
  }

  /** Writes a stream, hashing on the way. Wrong digest or size: nothing is kept and both values are named. */
  async write(input: AsyncIterable<Buffer>, expected: BlobExpectation = {}): Promise<WrittenBlob> {
    const draft = join(this.#drafts, randomBytes(8).toString("hex"))
    const file = await open(draft, "wx", 0o600)
    const batched = new BatchedFile(file)
    const hash = createHash("sha256")
    let size = 0
    try {
      for await (const chunk of input) {
        hash.update(chunk)
        size += chunk.length
        if (expected.size !== undefined && size > expected.size) {
          throw imageFault("failed", `unexpected size: the content is longer than the ${expected.size} bytes announced`)
        }
        await batched.write(chunk)
        expected.onProgress?.(size)
      }
      await batched.end()
      const digest = `sha256:${hash.digest("hex")}`
      this.#check(expected, digest, size)
      killpoint("images.blob.before-sync")
      await file.datasync()
      await file.close()
      killpoint("images.blob.before-rename")
      await rename(draft, this.path(digest))
      killpoint("images.blob.after-rename")
      return { digest, size }
    } catch (error) {
      await batched.end().catch((writing: unknown) => writing)
      await file.close().catch((closing: unknown) => closing)
      await rm(draft, { force: true })
      throw error
    }
  }

  writeText(text: string): Promise<WrittenBlob> {
    return this.write(
      (async function* () {
        yield Buffer.from(text)
      })()
    )
  }

  #check(expected: BlobExpectation, digest: string, size: number): void {
    if (expected.digest !== undefined && expected.digest !== digest) {
      throw new ImageFault({
        kind: "failed",
        text: `filesystem layer verification failed for digest ${expected.digest}: the content has ${digest}`
      })
    }
    if (expected.size !== undefined && expected.size !== size) {
      throw imageFault("failed", `unexpected EOF: got ${size} of ${expected.size} bytes`)
    }
  }
}

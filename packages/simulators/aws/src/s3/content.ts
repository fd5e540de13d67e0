import { createHash, randomUUID } from "node:crypto"
import { createReadStream } from "node:fs"
import { mkdir, open, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { Effect } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"

export interface Written {
  readonly name: string
  readonly size: number
  readonly md5: string
  readonly sha256: string
}

const failed = (cause: unknown): AwsFault =>
  cause instanceof Error && "code" in cause && cause.code === "IncompleteBody"
    ? awsFault("IncompleteBody", cause.message)
    : awsFault("InternalError", cause instanceof Error ? cause.message : String(cause), { status: 500 })

/** Files of content under names of their own. A name is only ever recorded after its file is synced. */
export class ContentFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  path(name: string): string {
    return join(this.#folder, name)
  }

  /** Writes a stream to a new file. */
  write(input: AsyncIterable<Buffer>): Effect.Effect<Written, AwsFault> {
    return Effect.tryPromise({
      try: async () => {
        await mkdir(this.#folder, { recursive: true, mode: 0o700 })
        const name = randomUUID()
        const file = await open(this.path(name), "wx", 0o600)
        const [md5, sha256] = [createHash("md5"), createHash("sha256")]
        let size = 0
        try {
          for await (const piece of input) {
            md5.update(piece)
            sha256.update(piece)
            size += piece.length
            await file.write(piece)
          }
          await file.datasync()
        } catch (error) {
          await rm(this.path(name), { force: true })
          throw error
        } finally {
          await file.close()
        }
        return { name, size, md5: md5.digest("hex"), sha256: sha256.digest("hex") }
      },
      catch: failed
    })
  }

  /** Part of a file; both ends are included. */
  read(name: string, range?: { readonly start: number; readonly end: number }): Readable {
    return createReadStream(this.path(name), range)
  }

  /** Several files as one. */
  async *joined(names: ReadonlyArray<string>): AsyncGenerator<Buffer> {
    for (const name of names) for await (const piece of this.read(name) as AsyncIterable<Buffer>) yield piece
  }

  remove(name: string): Effect.Effect<void> {
    return Effect.promise(() => rm(this.path(name), { force: true }))
  }
}

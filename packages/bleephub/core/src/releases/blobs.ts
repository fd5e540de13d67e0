import { createHash, randomUUID } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { mkdir, open, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { type Readable, Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { Hub } from "../hub.ts"

const folderOf = (hub: Hub): string => join(hub.repositoriesFolder, "..", "blobs")

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder)
  await handle.sync()
  await handle.close()
}

/** Keeps bytes under their hash, durable before it returns; nothing of them is held in memory. */
export const writeContent = async (
  hub: Hub,
  content: Readable
): Promise<{ readonly digest: string; readonly size: number }> => {
  const folder = folderOf(hub)
  await mkdir(folder, { recursive: true })
  const half = join(folder, `${randomUUID()}.new`)
  const hash = createHash("sha256")
  let size = 0
  const measure = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      size += chunk.length
      done(null, chunk)
    }
  })
  try {
    await pipeline(content, measure, createWriteStream(half, { flush: true }))
    const digest = hash.digest("hex")
    await rename(half, join(folder, digest))
    await syncFolder(folder)
    return { digest, size }
  } catch (error) {
    await rm(half, { force: true })
    throw error
  }
}

/** The bytes of a hash, from the beginning. */
export const readContent = (hub: Hub, digest: string): Readable => createReadStream(join(folderOf(hub), digest))

/** Removes what no row names: bytes of what was deleted, and what a crash left half written. */
export const sweepContent = async (hub: Hub): Promise<void> => {
  const folder = folderOf(hub)
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) {
    if (hub.tables.assets.count("digest", name) === 0) await rm(join(folder, name), { force: true })
  }
}

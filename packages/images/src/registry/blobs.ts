import { ImageFault, imageFault } from "../faults.ts"
import type { Reference } from "../reference.ts"
import type { RegistryClient } from "./client.ts"

const TRIES = 5

const openAt = async (client: RegistryClient, reference: Reference, digest: string, offset: number) => {
  const response = await client.request(
    `/v2/${reference.path}/blobs/${digest}`,
    offset === 0 ? {} : { headers: { Range: `bytes=${offset}-` } },
    `repository:${reference.path}:pull`
  )
  if (response.status === 206 || (response.ok && offset === 0)) return response
  await response.body?.cancel()
  throw imageFault("failed", `fetching blob ${digest}: the registry answered ${response.status}`)
}

/** A blob's bytes. A connection that breaks is taken up where it broke, a bounded number of times. */
export async function* blobBytes(client: RegistryClient, reference: Reference, digest: string): AsyncGenerator<Buffer> {
  let offset = 0
  for (let tries = 1; ; tries++) {
    const response = await openAt(client, reference, digest, offset)
    try {
      for await (const piece of response.body ?? []) {
        offset += piece.length
        yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      }
      return
    } catch (error) {
      // A fault is the registry's answer; anything else is the connection.
      if (error instanceof ImageFault || tries >= TRIES) throw error
    }
  }
}

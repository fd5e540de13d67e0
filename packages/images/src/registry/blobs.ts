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
  if (response.status === 206 && offset > 0) return { response, skip: 0 }
  // A registry without ranges begins again.
  if (response.status === 200) return { response, skip: offset }
  await response.body?.cancel()
  throw imageFault("failed", `fetching blob ${digest}: the registry answered ${response.status}`)
}

/** A blob's bytes. A connection that breaks is taken up where it broke, a bounded number of times. */
export async function* blobBytes(client: RegistryClient, reference: Reference, digest: string): AsyncGenerator<Buffer> {
  let offset = 0
  for (let tries = 1; ; tries++) {
    const { response, skip } = await openAt(client, reference, digest, offset)
    let unwanted = skip
    try {
      for await (const piece of response.body ?? []) {
        const fresh = piece.subarray(Math.min(unwanted, piece.length))
        unwanted -= piece.length - fresh.length
        if (fresh.length === 0) continue
        offset += fresh.length
        yield Buffer.from(fresh.buffer, fresh.byteOffset, fresh.byteLength)
      }
      return
    } catch (error) {
      // A fault is the registry's answer; anything else is the connection.
      if (error instanceof ImageFault || tries >= TRIES) throw error
    }
  }
}

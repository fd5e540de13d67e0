import { makeImage } from "@sockerless/e2e-kit"
import { randomBytes } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Case } from "../case.ts"
import { figureOf } from "../figure.ts"
import { type Peer, withPeers } from "../peers.ts"
import { sampleInTurns, timed } from "../sample.ts"
import { flat } from "./flat.ts"

const LAYERS = 5

/** `docker load` of a big archive whose content the daemon does not have. */
export const load: Case = {
  name: "load",
  measure: (extent) =>
    withPeers(async (peers) => {
      const megabytes = extent.choose(500, 50)
      const folder = await mkdtemp(join(tmpdir(), "bench-load-"))
      const archive = join(folder, "image.tar")
      try {
        const bytes = (megabytes / LAYERS) * 1_000_000
        const layers = Array.from({ length: LAYERS }, (_, at) => [{ path: `big${at}`, content: randomBytes(bytes) }])
        await writeFile(archive, await makeImage({ tag: "big:latest", layers }))
        const loadOnce = (peer: Peer) => peer.docker("load", "-q", "-i", archive)
        const growth = await flat(`load of ${megabytes} MB`, peers, loadOnce)
        const sampled = await sampleInTurns(
          peers,
          extent.choose(2, 1),
          async (peer) => {
            await peer.docker("rmi", "big:latest")
            return timed(() => loadOnce(peer))
          },
          false
        )
        return [figureOf(`load of ${megabytes} MB`, "s", sampled, undefined, (time) => time / 1000), growth]
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })
}

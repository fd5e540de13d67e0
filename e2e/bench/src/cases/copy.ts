import { mkdtemp, open, rm, stat } from "node:fs/promises"
import { randomBytes } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Case } from "../case.ts"
import { figureOf } from "../figure.ts"
import { type Peer, withPeers } from "../peers.ts"
import { sampleInTurns, timed } from "../sample.ts"
import { flat } from "./flat.ts"

const BYTES_PER_MB = 1024 * 1024

const writeFileOf = async (path: string, megabytes: number): Promise<void> => {
  const block = randomBytes(BYTES_PER_MB)
  const file = await open(path, "w")
  for (let written = 0; written < megabytes; written += 1) await file.write(block)
  await file.close()
}

/** `docker cp` of one big file into a running container and out of it. */
export const copy: Case = {
  name: "copy",
  measure: (extent) =>
    withPeers(async (peers) => {
      const megabytes = extent.choose(1024, 64)
      const folder = await mkdtemp(join(tmpdir(), "bench-copy-"))
      const source = join(folder, "source")
      const target = join(folder, "target")
      try {
        await writeFileOf(source, megabytes)
        for (const peer of peers) await peer.docker("run", "-d", "--name", "box", "busybox", "sleep", "3600")
        const copyIn = (peer: Peer) => peer.docker("cp", source, "box:/big")
        const copyOut = async (peer: Peer) => {
          await rm(target, { force: true })
          await peer.docker("cp", "box:/big", target)
          const { size } = await stat(target)
          if (size !== megabytes * BYTES_PER_MB) throw new Error(`${peer.name} copied ${size} bytes out`)
        }
        const growthIn = await flat(`cp of ${megabytes} MB in`, peers, copyIn)
        const into = await sampleInTurns(peers, extent.choose(2, 1), (peer) => timed(() => copyIn(peer)), false)
        const growthOut = await flat(`cp of ${megabytes} MB out`, peers, copyOut)
        const out = await sampleInTurns(peers, extent.choose(2, 1), (peer) => timed(() => copyOut(peer)), false)
        return [
          figureOf(`cp of ${megabytes} MB in`, "s", into, undefined, (millis) => millis / 1000),
          figureOf(`cp of ${megabytes} MB out`, "s", out, undefined, (millis) => millis / 1000),
          growthIn,
          growthOut
        ]
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })
}

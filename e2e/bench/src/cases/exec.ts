import type { Case } from "../case.ts"
import { figureOf } from "../figure.ts"
import { withPeers } from "../peers.ts"
import { sampleInTurns, timed } from "../sample.ts"

/** A whole `docker exec` of a process that ends at once. */
export const exec: Case = {
  name: "exec",
  measure: (extent) =>
    withPeers(async (peers) => {
      for (const peer of peers) await peer.docker("run", "-d", "--name", "box", "busybox", "sleep", "3600")
      const sampled = await sampleInTurns(peers, extent.choose(15, 3), (peer) =>
        timed(() => peer.docker("exec", "box", "true"))
      )
      return [figureOf("exec", "ms", sampled, { ratio: 0.6, wants: "at most" })]
    })
}

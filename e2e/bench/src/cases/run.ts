import type { Case } from "../case.ts"
import { type Figure, figureOf } from "../figure.ts"
import { withPeers } from "../peers.ts"
import { sampleInTurns, timed } from "../sample.ts"

/** A whole `docker run --rm` of a process that ends at once, on each kind of network. */
export const run: Case = {
  name: "run",
  measure: (extent) =>
    withPeers(async (peers) => {
      const figures: Array<Figure> = []
      for (const network of ["bridge", "none", "host"]) {
        const sampled = await sampleInTurns(peers, extent.choose(11, 3), (peer) =>
          timed(() => peer.docker("run", "--rm", "--network", network, "busybox", "true"))
        )
        figures.push(figureOf(`run --rm, network ${network}`, "ms", sampled, { ratio: 0.5, wants: "at most" }))
      }
      return figures
    })
}

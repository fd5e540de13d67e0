import type { Case } from "../case.ts"
import { figureOf } from "../figure.ts"
import { withPeers } from "../peers.ts"
import { sampleInTurns, timed } from "../sample.ts"

/** Many `docker run --rm` at once, until the last has ended; one that fails fails the case. */
export const concurrent: Case = {
  name: "concurrent",
  measure: (extent) =>
    withPeers(async (peers) => {
      const count = extent.choose(50, 8)
      const sampled = await sampleInTurns(
        peers,
        extent.choose(2, 1),
        (peer) =>
          timed(() => Promise.all(Array.from({ length: count }, () => peer.docker("run", "--rm", "busybox", "true")))),
        false
      )
      return [figureOf(`${count} concurrent run --rm`, "s", sampled, undefined, (millis) => millis / 1000)]
    })
}

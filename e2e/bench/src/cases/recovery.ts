import { busyboxArchive, startSockerlessd } from "@sockerless/e2e-kit"
import type { Case } from "../case.ts"
import { figureOf } from "../figure.ts"
import { peerOf } from "../peers.ts"
import { readyAfter } from "../ready.ts"
import { median } from "../sample.ts"

const TARGET_MILLIS = 500

/** Our daemon only, killed with containers running: from the signal until the next life has recovered all of them. */
export const recovery: Case = {
  name: "recovery",
  measure: async (extent) => {
    const count = extent.choose(50, 5)
    const peer = peerOf(await startSockerlessd())
    try {
      await peer.daemon.docker.run(["load"], { input: await busyboxArchive() })
      for (let at = 0; at < count; at += 1) await peer.docker("run", "-d", "busybox", "sleep", "3600")
      const samples: Array<number> = []
      for (let round = 0; round < extent.choose(5, 2); round += 1) {
        const pid = peer.daemon.pid()
        samples.push(await readyAfter("sockerlessd", peer.daemon.folder, () => void process.kill(pid, "SIGKILL")))
        const running = (await peer.docker("ps", "-q")).split("\n").length
        if (running !== count) throw new Error(`${running} of ${count} containers were running after the kill`)
      }
      return [
        figureOf(
          `ready after SIGKILL with ${count} running`,
          "ms",
          { ours: median(samples), theirs: undefined },
          { value: TARGET_MILLIS, wants: "at most" }
        )
      ]
    } finally {
      await peer.daemon.stop()
    }
  }
}

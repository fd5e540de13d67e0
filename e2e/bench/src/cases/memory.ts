import { setTimeout } from "node:timers/promises"
import type { Case } from "../case.ts"
import { figureOf } from "../figure.ts"
import { type Peer, withPeers } from "../peers.ts"
import { type Memory, memoryOf, processesNaming, treeOf } from "../processes.ts"
import { median, type Sampled } from "../sample.ts"

/** A daemon that was used and is now left alone gives memory back for a while. */
const REST_MILLIS = 10_000
const MONITORS = /^(conmon|containerd-shim.*)$/
const MONITOR_TARGET_MB = 3

const monitorsOf = (id: string): ReadonlyArray<number> =>
  processesNaming(id)
    .filter(({ program }) => MONITORS.test(program))
    .map(({ pid }) => pid)

const monitorMb = async (peer: Peer, count: number): Promise<number> => {
  const perContainer: Array<number> = []
  for (let at = 0; at < count; at += 1) {
    const id = await peer.docker("run", "-d", "busybox", "sleep", "3600")
    const pids = monitorsOf(id)
    if (pids.length === 0) throw new Error(`${peer.name} has no monitor for ${id}`)
    perContainer.push(memoryOf(pids).rssMb)
  }
  return median(perContainer)
}

const each = async (peers: ReadonlyArray<Peer>, ask: (peer: Peer) => Promise<number> | number): Promise<Sampled> => {
  const [ours, theirs] = peers
  if (ours === undefined) throw new Error("no daemon was started")
  return { ours: await ask(ours), theirs: theirs === undefined ? undefined : await ask(theirs) }
}

/** Memory of the idle daemons with all their processes, and of what stays beside each running container. */
export const memory: Case = {
  name: "memory",
  measure: (extent) =>
    withPeers(async (peers) => {
      await setTimeout(extent.choose(REST_MILLIS, 1000))
      const idle = (field: keyof Memory) => each(peers, (peer) => memoryOf(treeOf(peer.rootPid()))[field])
      const rss = await idle("rssMb")
      const pss = await idle("pssMb")
      const monitors = await each(peers, (peer) => monitorMb(peer, extent.choose(10, 2)))
      return [
        figureOf("idle memory, RSS of all the daemon's processes", "MB", rss, { ratio: 1, wants: "at most" }),
        figureOf("idle memory, PSS of all the daemon's processes", "MB", pss, { ratio: 1, wants: "at most" }),
        figureOf("monitor of one running container, RSS", "MB", monitors, {
          value: MONITOR_TARGET_MB,
          wants: "at most"
        })
      ]
    })
}

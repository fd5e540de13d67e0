import { type Daemon, findOracle, startOracle, startSockerlessd } from "@sockerless/e2e-kit"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Case } from "../case.ts"
import { type Figure, figureOf } from "../figure.ts"
import { peerOf } from "../peers.ts"
import { readyAfter } from "../ready.ts"
import { median } from "../sample.ts"

const TARGET_MILLIS = 300

interface Started {
  readonly daemon: Daemon
  readonly millis: number
}

const starters = {
  sockerlessd: (folder: string) => startSockerlessd({ folder }),
  dockerd: (folder: string) => startOracle([], folder)
}

const startIn = async (name: keyof typeof starters, folder: string): Promise<Started> => {
  const started: Array<Promise<Daemon>> = []
  const millis = await readyAfter(name, folder, () => void started.push(starters[name](folder)))
  const [daemon] = await Promise.all(started)
  if (daemon === undefined) throw new Error(`${name} was not started`)
  return { daemon, millis }
}

/** A start on a new root, then one on the same root with something in it. */
const startTwice = async (name: keyof typeof starters) => {
  const folder = await mkdtemp(join(tmpdir(), "bench-start-"))
  const fresh = await startIn(name, folder)
  await peerOf(fresh.daemon).call("POST", "/v1.41/volumes/create", { Name: "kept" })
  await fresh.daemon.kill()
  const used = await startIn(name, folder)
  await used.daemon.stop()
  return { fresh: fresh.millis, used: used.millis }
}

/** From the first process until the daemon is ready. */
export const start: Case = {
  name: "start",
  measure: async (extent): Promise<ReadonlyArray<Figure>> => {
    const names = findOracle() === undefined ? (["sockerlessd"] as const) : (["sockerlessd", "dockerd"] as const)
    const samples = names.map((name) => ({ name, fresh: Array<number>(), used: Array<number>() }))
    for (let round = 0; round < extent.choose(5, 2); round += 1) {
      for (const { name, fresh, used } of samples) {
        const times = await startTwice(name)
        fresh.push(times.fresh)
        used.push(times.used)
      }
    }
    const sampled = (kind: "fresh" | "used") => {
      const [ours, theirs] = samples
      return { ours: median(ours?.[kind] ?? []), theirs: theirs === undefined ? undefined : median(theirs[kind]) }
    }
    const target = { value: TARGET_MILLIS, wants: "at most" } as const
    return [
      figureOf("start to ready, used root", "ms", sampled("used"), target),
      figureOf("start to ready, new root", "ms", sampled("fresh"), target)
    ]
  }
}

import { type Figure, figureOf } from "../figure.ts"
import type { Peer } from "../peers.ts"
import { growthDuring } from "../processes.ts"
import { sampleInTurns } from "../sample.ts"

const ALLOWED_MB = 64

/** How far the daemon's own memory rises during a piece of work, once for each peer. */
export const flat = async (
  name: string,
  peers: ReadonlyArray<Peer>,
  work: (peer: Peer) => Promise<unknown>
): Promise<Figure> => {
  const growth = await sampleInTurns(peers, 1, (peer) => growthDuring(peer.daemon.pid(), () => work(peer)), false)
  return figureOf(`memory growth, ${name}`, "MB", growth, { value: ALLOWED_MB, wants: "at most" })
}

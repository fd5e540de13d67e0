import type { Peer } from "./peers.ts"

/** Medians of ours and, where dockerd is there, of dockerd's. */
export interface Sampled {
  readonly ours: number
  readonly theirs: number | undefined
}

/** The middle of the samples. */
export const median = (samples: ReadonlyArray<number>): number => {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** Ours divided by dockerd's. */
export const ratioOf = (sampled: Sampled): number | undefined =>
  sampled.theirs === undefined ? undefined : sampled.ours / sampled.theirs

/** Milliseconds a piece of work takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/**
 * Samples the peers in turns, so that what else the machine does falls on each alike. One turn before the first counted
 * one warms caches and is thrown away unless `warm` is false.
 */
export const sampleInTurns = async (
  peers: ReadonlyArray<Peer>,
  rounds: number,
  sample: (peer: Peer) => Promise<number>,
  warm = true
): Promise<Sampled> => {
  const samples = new Map(peers.map((peer) => [peer.name, Array<number>()]))
  for (let round = warm ? -1 : 0; round < rounds; round += 1) {
    for (const peer of peers) {
      const value = await sample(peer)
      if (round >= 0) samples.get(peer.name)?.push(value)
    }
  }
  const theirs = samples.get("dockerd")
  return {
    ours: median(samples.get("sockerlessd") ?? []),
    theirs: theirs === undefined ? undefined : median(theirs)
  }
}

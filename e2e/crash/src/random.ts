/** A source of choices that a seed repeats (mulberry32). */
export interface Random {
  /** A number in [0, 1). */
  readonly next: () => number
  /** A whole number from `low` to `high`, both included. */
  readonly between: (low: number, high: number) => number
  readonly pick: <A>(from: ReadonlyArray<A>) => A
  readonly chance: (probability: number) => boolean
  readonly shuffled: <A>(from: ReadonlyArray<A>) => ReadonlyArray<A>
  /** A source of its own, so that actors that run at once do not share one. */
  readonly fork: () => Random
}

/** Makes the source of one seed. */
export const makeRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d_2b_79_f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_00_00_00_00
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  const pick = <A>(from: ReadonlyArray<A>): A => {
    const chosen = from[between(0, from.length - 1)]
    if (chosen === undefined) throw new RangeError("nothing to pick from")
    return chosen
  }
  return {
    next,
    between,
    pick,
    chance: (probability) => next() < probability,
    shuffled: (from) =>
      from
        .map((value) => ({ value, at: next() }))
        .toSorted((a, b) => a.at - b.at)
        .map((one) => one.value),
    fork: () => makeRandom(Math.floor(next() * 0x1_00_00_00_00))
  }
}

/** One waiter after another per key, in order of arrival; a failure of one does not stop the next. */
export class Locks {
  readonly #tails = new Map<number, Promise<unknown>>()

  /** Runs `work` when everything before it on this key has ended. */
  async run<A>(key: number, work: () => Promise<A>): Promise<A> {
    const before = this.#tails.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    // The tail is only waited for; whoever asked for the work hears of its failure from `mine`.
    const tail = mine.then(
      () => undefined,
      () => undefined
    )
    this.#tails.set(key, tail)
    try {
      return await mine
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}

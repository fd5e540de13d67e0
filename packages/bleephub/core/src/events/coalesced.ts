/** Work that is wanted after every change and done once for all that came meanwhile; never twice at the same time. */
export class Coalesced {
  readonly #work: () => Promise<void>
  readonly #defect: (error: unknown) => void
  #running: Promise<void> | undefined
  #again = false

  constructor(work: () => Promise<void>, defect: (error: unknown) => void) {
    this.#work = work
    this.#defect = defect
  }

  /** Has the work done, once more when it is being done already. */
  wake(): void {
    if (this.#running !== undefined) {
      this.#again = true
      return
    }
    this.#running = this.#work()
      .catch((error: unknown) => this.#defect(error))
      .finally(() => {
        this.#running = undefined
        if (!this.#again) return
        this.#again = false
        this.wake()
      })
  }

  /** Resolves when there is nothing left to do. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }
}

import { Effect } from "effect"

interface Timer {
  readonly at: number
  readonly fire: () => void
  handle: NodeJS.Timeout | undefined
}

/**
 * The simulator's time: real time plus what a test has added, or a standing time that only `advance` moves. Timers
 * fire by this time, earliest first.
 */
export class SimClock {
  #offset = 0
  #standing: number | undefined
  readonly #timers = new Set<Timer>()
  /** Hears how far ahead of real time this one is whenever that changes. */
  onMove: (aheadMillis: number) => void = () => undefined

  /** Milliseconds since the epoch, as every resource of the simulator dates itself. */
  now(): number {
    return this.#standing ?? Date.now() + this.#offset
  }

  /** Waits on this clock; nothing to wait for costs nothing. */
  sleep(millis: number): Effect.Effect<void> {
    if (millis <= 0) return Effect.void
    return Effect.callback<void>((resume) => {
      const timer: Timer = { at: this.now() + millis, fire: () => resume(Effect.void), handle: undefined }
      this.#timers.add(timer)
      this.#arm(timer)
      return Effect.sync(() => this.#drop(timer))
    })
  }

  /** Moves time forward and fires what is due. */
  advance(millis: number): void {
    if (this.#standing === undefined) this.#offset += millis
    else this.#standing += millis
    this.#moved()
  }

  /** Stops time; only `advance` moves it from here on. */
  stop(): void {
    this.#standing = this.now()
    for (const timer of this.#timers) clearTimeout(timer.handle)
  }

  /** Lets time run again from where it stands. */
  run(): void {
    if (this.#standing === undefined) return
    this.#offset = this.#standing - Date.now()
    this.#standing = undefined
    this.#moved()
  }

  /** Takes up the time of an earlier run. */
  restore(aheadMillis: number): void {
    this.#offset = aheadMillis
  }

  get isStopped(): boolean {
    return this.#standing !== undefined
  }

  #moved(): void {
    this.onMove(this.now() - Date.now())
    this.#settle()
  }

  #arm(timer: Timer): void {
    clearTimeout(timer.handle)
    if (this.#standing !== undefined) return
    timer.handle = setTimeout(() => this.#settle(), Math.max(0, timer.at - this.now()) + 1)
    timer.handle.unref()
  }

  #drop(timer: Timer): void {
    clearTimeout(timer.handle)
    this.#timers.delete(timer)
  }

  #settle(): void {
    const due = [...this.#timers].filter((timer) => timer.at <= this.now()).toSorted((a, b) => a.at - b.at)
    for (const timer of due) {
      this.#drop(timer)
      timer.fire()
    }
    for (const timer of this.#timers) this.#arm(timer)
  }
}

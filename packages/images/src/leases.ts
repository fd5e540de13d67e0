import { Effect, Exit, Semaphore } from "effect"

/**
 * Content is written before a record names it, and read after one did. Invariant: while anybody holds a lease nothing
 * is removed from disk; what became unused meanwhile is swept when the last lease ends.
 */
export class Leases {
  readonly #gate = Semaphore.makeUnsafe(1)
  #held = 0
  #owed = false
  readonly #sweep: Effect.Effect<unknown, { readonly message: string }>

  constructor(sweep: Effect.Effect<unknown, { readonly message: string }>) {
    this.#sweep = sweep
  }

  /** Runs `use` with all content kept; content that a failed `use` left without a record is swept afterwards. */
  hold<A, E, R>(use: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      this.#gate.withPermit(Effect.sync(() => (this.#held += 1))),
      () => Effect.onExit(use, (exit) => Effect.sync(() => void (Exit.isSuccess(exit) || (this.#owed = true)))),
      () => this.#release
    )
  }

  /** As `hold`, for a `use` that writes more content than its records name. */
  holdAndSweep<A, E, R>(use: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return this.hold(Effect.tap(use, () => Effect.sync(() => (this.#owed = true))))
  }

  /** Runs `remove` when nobody holds a lease, else leaves the work to the last one who does. */
  removing<A, E>(remove: Effect.Effect<A, E>): Effect.Effect<A | undefined, E> {
    return this.#gate.withPermit(
      Effect.suspend((): Effect.Effect<A | undefined, E> => {
        if (this.#held === 0) return remove
        this.#owed = true
        return Effect.succeed(undefined)
      })
    )
  }

  readonly #release = Effect.suspend(() => {
    this.#held -= 1
    if (this.#held > 0 || !this.#owed) return Effect.void
    return this.#gate.withPermit(
      Effect.suspend(() => {
        if (this.#held > 0) return Effect.void
        this.#owed = false
        return this.#sweep.pipe(
          Effect.tapError((fault) => Effect.logWarning(`sweeping unused image content: ${fault.message}`)),
          Effect.ignore
        )
      })
    )
  })
}

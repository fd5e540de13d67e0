import type { Store, Write } from "@sockerless/store"
import { Deferred, Effect, Exit, type Schema } from "effect"
import type { JsonValue, StoreFault } from "@sockerless/store"
import type { SimClock } from "./clock.ts"
import { Table } from "./table.ts"

/** The images of the workload host lie in the same store: collections of services have names of their own. */
const collectionOf = (name: string): string => `sim/${name}`

/**
 * The durable state of one simulator. Writes are collected and go to the store together when somebody settles; the
 * store keeps their order, so whoever settles later waits for what was written earlier too.
 */
export class Book {
  readonly #store: Store["Service"]
  readonly #clock: SimClock
  #pending: Array<Write> = []
  #last: Deferred.Deferred<void, StoreFault> | undefined

  constructor(store: Store["Service"], clock: SimClock) {
    this.#store = store
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  /** Adds to what the next `settle` makes durable. */
  write(write: Write): void {
    this.#pending.push(write)
  }

  /** Opens a collection with what it held before. */
  table<T>(name: string, schema: Schema.Codec<T, JsonValue>): Effect.Effect<Table<T>, StoreFault> {
    return Effect.map(
      this.#store.all(collectionOf(name)),
      (records) =>
        new Table(
          this,
          collectionOf(name),
          schema,
          records.map(({ key, value }) => [key, value] as const)
        )
    )
  }

  /** Every entry of a log, oldest first. */
  entries(log: string): Effect.Effect<ReadonlyArray<JsonValue>, StoreFault> {
    return Effect.map(this.#store.tail(log, Number.MAX_SAFE_INTEGER), (entries) => entries.map(({ value }) => value))
  }

  /** Forgets a log. */
  forget(log: string): Effect.Effect<void, StoreFault> {
    return this.#store.trim(log, 0)
  }

  /** Returns when everything written so far is durable. A store that fails is the end of the simulator's promises. */
  readonly settle: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#pending.length === 0) return this.#last === undefined ? Effect.void : Deferred.await(this.#last)
    const writes = this.#pending
    this.#pending = []
    const done = Deferred.makeUnsafe<void, StoreFault>()
    this.#last = done
    return Effect.flatMap(Effect.exit(this.#store.commit(writes)), (exit) => {
      if (Exit.isSuccess(exit) && this.#last === done) this.#last = undefined
      return Effect.andThen(Deferred.done(done, exit), exit)
    })
  }).pipe(Effect.orDie, Effect.uninterruptible)
}

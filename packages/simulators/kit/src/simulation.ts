import { Store, type StoreFault } from "@sockerless/store"
import { Deferred, Effect, Schema } from "effect"
import { Book } from "./book.ts"
import { SimClock } from "./clock.ts"
import { ConnectionDropped } from "./faults/connection-dropped.ts"
import { FaultPlan, type PlayedFault } from "./faults/plan.ts"
import { Journal, type JournalEntry } from "./journal.ts"

const Time = Schema.Struct({ aheadMillis: Schema.Number })

/** How one request sees the world. */
export interface View {
  /** Set where reads are to be stale: the time as of which they look. */
  readonly asOf: number | undefined
  readonly omitNewest: number
  readonly pageSize: number | undefined
  /** The service is to say that it has no room. */
  readonly noCapacity: boolean
}

/** A request as the journal and the fault plan know it. */
export interface Conducted {
  readonly service: string
  readonly operation: string
  readonly resource: string
  readonly client: string
  readonly input: unknown
}

/** A fault that the cloud would have answered itself, to be worded by the cloud's simulator. */
export type Refusal = Extract<PlayedFault, { readonly kind: "throttle" | "error" }>

const viewOf = (faults: ReadonlyArray<PlayedFault>, now: number): View => {
  const find = <K extends PlayedFault["kind"]>(kind: K) =>
    faults.find((fault): fault is Extract<PlayedFault, { readonly kind: K }> => fault.kind === kind)
  const stale = find("stale")
  return {
    asOf: stale === undefined ? undefined : now - stale.millis,
    omitNewest: find("omit-newest")?.count ?? 0,
    pageSize: find("page-size")?.items,
    noCapacity: find("capacity") !== undefined
  }
}

/** What every service of one simulated cloud shares: time, durable state, the journal and the ordered faults. */
export class Simulation {
  readonly clock: SimClock
  readonly book: Book
  readonly journal = new Journal()
  readonly faults: FaultPlan
  readonly #held = new Map<number, Deferred.Deferred<void>>()

  constructor(store: Store["Service"], seed: number) {
    this.clock = new SimClock()
    this.book = new Book(store, this.clock)
    this.faults = new FaultPlan(seed)
  }

  /** A simulation on the store of the calling Effect, at the time that the last one had reached. */
  static readonly make = Effect.fnUntraced(function* (seed: number): Effect.fn.Return<Simulation, StoreFault, Store> {
    const simulation = new Simulation(yield* Store, seed)
    const times = yield* simulation.book.table("clock", Time)
    simulation.clock.restore(times.get("clock")?.aheadMillis ?? 0)
    simulation.clock.onMove = (aheadMillis) => times.put("clock", { aheadMillis })
    return simulation
  })

  /** Indices of the requests that wait to be let go. */
  held(): ReadonlyArray<number> {
    return [...this.#held.keys()]
  }

  /** Lets a held request go on. */
  letGo(index: number): void {
    const gate = this.#held.get(index)
    this.#held.delete(index)
    if (gate !== undefined) Deferred.doneUnsafe(gate, Effect.void)
  }

  /**
   * Plays a request: written down, the ordered faults, the work itself, durable before it is answered. `codeOf` names
   * an error for the journal; `refuse` words a refusal as the cloud does.
   */
  conduct<A, E>(
    request: Conducted,
    parts: {
      readonly apply: (view: View) => Effect.Effect<A, E>
      readonly refuse: (refusal: Refusal) => E
      readonly codeOf: (error: E) => string
    }
  ): Effect.Effect<A, E | ConnectionDropped> {
    return Effect.suspend(() => {
      const entry = this.journal.open({ ...request, at: this.clock.now() })
      const faults = this.faults.take(request)
      entry.faults.push(...faults.map((fault) => fault.kind))
      const has = (kind: PlayedFault["kind"]): boolean => faults.some((fault) => fault.kind === kind)
      const work = Effect.gen({ self: this }, function* () {
        yield* this.#before(entry, faults)
        const refusal = faults.find((fault): fault is Refusal => fault.kind === "throttle" || fault.kind === "error")
        if (refusal !== undefined) return yield* Effect.fail(parts.refuse(refusal))
        const view = viewOf(faults, this.clock.now())
        const output = yield* parts.apply(view)
        if (has("duplicate")) yield* Effect.exit(parts.apply(view))
        yield* this.book.settle
        entry.applied = true
        entry.output = output
        if (faults.some((fault) => fault.kind === "hold" && fault.phase === "after")) yield* this.#hold(entry.index)
        if (has("lost-response")) return yield* new ConnectionDropped({ phase: "after" })
        entry.answered = true
        return output
      })
      return Effect.tapError(work, (error) =>
        Effect.andThen(
          this.book.settle,
          Effect.sync(() => {
            if (error instanceof ConnectionDropped) return
            entry.error = parts.codeOf(error)
            entry.answered = true
          })
        )
      )
    })
  }

  #before(entry: JournalEntry, faults: ReadonlyArray<PlayedFault>): Effect.Effect<void, ConnectionDropped> {
    return Effect.gen({ self: this }, function* () {
      for (const fault of faults) {
        if (fault.kind === "latency") yield* this.clock.sleep(fault.millis)
        if (fault.kind === "hold" && fault.phase === "before") yield* this.#hold(entry.index)
        if (fault.kind === "reset") return yield* new ConnectionDropped({ phase: "before" })
      }
    })
  }

  #hold(index: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      const gate = Deferred.makeUnsafe<void>()
      this.#held.set(index, gate)
      return Deferred.await(gate)
    })
  }
}

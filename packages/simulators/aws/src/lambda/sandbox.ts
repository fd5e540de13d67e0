import { Deferred, Effect } from "effect"
import type { SandboxRecord } from "./records.ts"

/** How an invocation ended. */
export type Outcome =
  | { readonly kind: "response"; readonly payload: Buffer }
  | { readonly kind: "error"; readonly payload: Buffer }
  | { readonly kind: "timeout" }
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "failed"; readonly reason: string }

export interface Invocation {
  readonly requestId: string
  readonly payload: Buffer
  /** By the simulator's clock. */
  readonly deadlineAt: number
  readonly done: Deferred.Deferred<Outcome>
}

/**
 * One running copy of a function as the Runtime API sees it. It has at most one invocation at a time; between two it
 * waits in `next` and is frozen.
 */
export class Sandbox {
  readonly record: SandboxRecord
  /** Done when the runtime has asked for its first invocation. */
  readonly ready = Deferred.makeUnsafe<void>()
  current: Invocation | undefined
  /** How many invocations it has been given. */
  uses = 0
  #isReserved = false
  #given: Invocation | undefined
  #waiting: Deferred.Deferred<Invocation> | undefined

  constructor(record: SandboxRecord) {
    this.record = record
  }

  /** Whether the runtime waits for work. */
  get isIdle(): boolean {
    return this.#waiting !== undefined && this.current === undefined && !this.#isReserved
  }

  /** Whether it has no work: it waits for some, or has answered and is about to ask. */
  get isFree(): boolean {
    return this.current === undefined && !this.#isReserved
  }

  /** Keeps a free copy for who is about to give it work, so that nobody else takes it. */
  reserve(): void {
    this.#isReserved = true
  }

  /** Hands an invocation over, now or as soon as the runtime asks. */
  give(invocation: Invocation): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.current = invocation
      this.uses += 1
      this.#isReserved = false
      const waiting = this.#waiting
      this.#waiting = undefined
      if (waiting !== undefined) return Effect.asVoid(Deferred.succeed(waiting, invocation))
      this.#given = invocation
      return Effect.void
    })
  }

  /** The next invocation; `idle` runs when there is none yet. */
  next(idle: Effect.Effect<void>): Effect.Effect<Invocation> {
    return Effect.gen({ self: this }, function* () {
      yield* Deferred.succeed(this.ready, undefined)
      const given = this.#given
      this.#given = undefined
      if (given !== undefined) return given
      const waiting = Deferred.makeUnsafe<Invocation>()
      this.#waiting = waiting
      yield* idle
      return yield* Deferred.await(waiting)
    })
  }

  /** Takes the runtime's word on the invocation it has; false for one that it does not have. */
  finish(requestId: string, outcome: Outcome): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      const { current } = this
      if (current === undefined || current.requestId !== requestId) return Effect.succeed(false)
      this.current = undefined
      return Effect.as(Deferred.succeed(current.done, outcome), true)
    })
  }
}

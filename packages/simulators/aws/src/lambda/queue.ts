import { Effect } from "effect"
import { answeredOf } from "./outcome.ts"
import type { QueuedRecord } from "./records.ts"
import type { Outcome } from "./sandbox.ts"
import type { Sandboxes } from "./sandboxes.ts"
import type { LambdaShelf } from "./shelf.ts"

const RETRIES = 2
const AGE_SECONDS = 6 * 3600
/** AWS waits one minute before the first retry and two before the second. */
const RETRY_MILLIS = 60_000
const THROTTLED_MILLIS = 1000

/** Events that were accepted and are delivered later: at least once, retried when the function fails. */
export class EventQueue {
  readonly #shelf: LambdaShelf
  readonly #sandboxes: Sandboxes

  constructor(shelf: LambdaShelf, sandboxes: Sandboxes) {
    this.#shelf = shelf
    this.#sandboxes = sandboxes
  }

  /** Accepts an event; it is durable when the answer leaves. */
  accept(id: string, name: string, payload: Buffer): Effect.Effect<void> {
    const now = this.#shelf.world.simulation.clock.now()
    // A request that is delivered twice is two events, with one id in the logs.
    const row = this.#shelf.queue.has(id) ? `${id}#2` : id
    this.#shelf.queue.put(row, {
      id: row,
      function: name,
      payload: payload.toString("base64"),
      attempts: 0,
      queuedAt: now,
      notBefore: now
    })
    return this.deliver(row)
  }

  /** Delivers an event in the background until it is done or given up. */
  deliver(id: string): Effect.Effect<void> {
    return this.#shelf.world.fork(this.#deliver(id))
  }

  /** Counts the end of an attempt that another run of the simulator began. */
  settle(requestId: string, outcome: Outcome): Effect.Effect<void> {
    const queued = this.#shelf.queue.get(requestId)
    if (queued === undefined) return Effect.void
    return Effect.andThen(
      Effect.suspend(() => this.#judge(queued, outcome)),
      this.deliver(requestId)
    )
  }

  #deliver(id: string): Effect.Effect<void> {
    const { queue, functions, world } = this.#shelf
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const queued = queue.get(id)
        const record = queued === undefined ? undefined : functions.get(queued.function)
        if (queued === undefined) return
        if (record === undefined) {
          queue.delete(id)
          return yield* world.simulation.book.settle
        }
        yield* world.simulation.clock.sleep(queued.notBefore - world.simulation.clock.now())
        if (!this.#sandboxes.claim(record)) {
          // Without a place it waits; that is no attempt.
          yield* world.simulation.clock.sleep(THROTTLED_MILLIS)
          continue
        }
        const payload = Buffer.from(queued.payload, "base64")
        yield* this.#judge(queued, yield* this.#sandboxes.run(record, { requestId: id.split("#")[0] ?? id, payload }))
      }
    })
  }

  #judge(queued: QueuedRecord, outcome: Outcome): Effect.Effect<void> {
    const { queue, functions, world } = this.#shelf
    const record = functions.get(queued.function)
    const now = world.simulation.clock.now()
    const attempts = queued.attempts + 1
    const retries = record?.eventInvoke?.retries ?? RETRIES
    const maximumAge = (record?.eventInvoke?.maximumAgeSeconds ?? AGE_SECONDS) * 1000
    const isDone = record === undefined || !answeredOf(record, queued.id, outcome).isError
    if (isDone || attempts > retries || now - queued.queuedAt > maximumAge) queue.delete(queued.id)
    else queue.put(queued.id, { ...queued, attempts, notBefore: now + RETRY_MILLIS * attempts })
    return world.simulation.book.settle
  }
}

import { Effect, Schedule } from "effect"
import type { AwsFault } from "./faults.ts"

const FIRST_MILLIS = 100
const LIMIT = 6

/**
 * Repeats an attempt that AWS asks to repeat (throttled, 5xx, no answer), with growing, jittered pauses, a bounded
 * number of times. Only for what may be applied twice: reads, and writes with an identity of their own.
 */
export const patiently = <A, R>(attempt: Effect.Effect<A, AwsFault, R>): Effect.Effect<A, AwsFault, R> =>
  Effect.retry(attempt, {
    while: (fault) => fault.retryable,
    times: LIMIT,
    schedule: Schedule.jittered(Schedule.exponential(FIRST_MILLIS))
  })

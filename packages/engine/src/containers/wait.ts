import type { Fault } from "@sockerless/faults"
import { Deferred, Effect } from "effect"
import type { EngineContext } from "../context.ts"
import type { WaitCondition, WaitResult } from "./containers.ts"
import { isRunning } from "./entry.ts"

/**
 * Registers a waiter at once and gives the effect that waits, so that the caller can answer its headers in between.
 * A container that removed itself within the last ten minutes still answers by its id.
 */
export const waitFor = Effect.fn("engine.containers.wait")(function* (
  context: EngineContext,
  ref: string,
  condition: WaitCondition
): Effect.fn.Return<Effect.Effect<WaitResult>, Fault> {
  const grave = context.book.tombstone(ref)
  if (grave !== undefined) return Effect.succeed(grave)
  const entry = yield* context.book.resolve(ref)
  if (condition === "removed") return Deferred.await(entry.removed)
  if (condition === "next-exit") return Deferred.await(entry.nextExit)
  const { state } = entry.snapshot
  return isRunning(entry) || state.status === "restarting"
    ? Deferred.await(entry.nextExit)
    : Effect.succeed({ exitCode: state.exitCode, error: undefined })
})

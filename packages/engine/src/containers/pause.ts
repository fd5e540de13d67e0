import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { backendOf, containerEvent, type EngineContext, handleOf } from "../context.ts"
import { conflict } from "../faults.ts"

/** `docker pause`: freezes every process. */
export const pauseContainer = Effect.fn("engine.containers.pause")(function* (
  context: EngineContext,
  ref: string
): Effect.fn.Return<void, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  yield* entry.lock
    .withPermit(
      Effect.gen(function* () {
        const { status } = entry.snapshot.state
        const { id } = entry.snapshot.spec
        if (status === "paused") return yield* Effect.fail(conflict(`container ${id} is already paused`))
        if (status === "restarting") {
          return yield* Effect.fail(conflict(`container ${id} is restarting, wait until the container is running`))
        }
        if (status !== "running") return yield* Effect.fail(conflict(`container ${id} is not running`))
        killpoint("engine.pause.before-call")
        yield* (yield* backendOf(context, entry)).pause(yield* handleOf(entry))
        killpoint("engine.pause.before-outcome")
        yield* context.book.save(entry, { ...entry.snapshot, state: { ...entry.snapshot.state, status: "paused" } })
        killpoint("engine.pause.after-outcome")
        yield* containerEvent(context, entry, "pause")
      })
    )
    .pipe(Effect.uninterruptible)
})

/** `docker unpause`. */
export const unpauseContainer = Effect.fn("engine.containers.unpause")(function* (
  context: EngineContext,
  ref: string
): Effect.fn.Return<void, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  yield* entry.lock
    .withPermit(
      Effect.gen(function* () {
        const { id } = entry.snapshot.spec
        if (entry.snapshot.state.status !== "paused") {
          return yield* Effect.fail(conflict(`Container ${id} is not paused`))
        }
        killpoint("engine.unpause.before-call")
        yield* (yield* backendOf(context, entry)).resume(yield* handleOf(entry))
        killpoint("engine.unpause.before-outcome")
        yield* context.book.save(entry, { ...entry.snapshot, state: { ...entry.snapshot.state, status: "running" } })
        killpoint("engine.unpause.after-outcome")
        yield* containerEvent(context, entry, "unpause")
      })
    )
    .pipe(Effect.uninterruptible)
})

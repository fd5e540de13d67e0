import type { ExitReport } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Deferred, Effect, Fiber } from "effect"
import { containerEvent, type EngineContext } from "../context.ts"
import { autoRemoval, type Entry, intentAtEnd } from "./entry.ts"
import { publishDisconnects, removeIntended } from "./remove.ts"
import { restartDelay, shouldRestart } from "./restart-policy.ts"
import type { ContainerState } from "./snapshot.ts"
import { startLocked } from "./start.ts"

const endedState = (entry: Entry, report: ExitReport, restarting: boolean): ContainerState => {
  const { health: _, ...state } = entry.snapshot.state
  return {
    ...state,
    status: restarting ? "restarting" : "exited",
    pid: 0,
    exitCode: report.exitCode,
    oomKilled: report.oomKilled,
    finishedAt: report.finishedAt,
    ...(entry.snapshot.state.health === undefined
      ? {}
      : { health: { ...entry.snapshot.state.health, status: "unhealthy" as const } })
  }
}

/** Waits out the delay, then starts again unless somebody stopped or removed the container meanwhile. */
const restartLater = (context: EngineContext, entry: Entry, delayMillis: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* Effect.sleep(delayMillis)
    // Whoever ends the waiting must not cut a start in two.
    yield* Effect.uninterruptible(
      entry.lock.withPermit(
        Effect.gen(function* () {
          entry.restart = undefined
          if (entry.snapshot.state.status !== "restarting") return
          killpoint("engine.restart-policy.before-start")
          yield* startLocked(context, entry, entry.snapshot.restartCount + 1)
        })
      )
    )
  }).pipe(
    Effect.tapError((fault) => Effect.logWarning(`restarting container ${entry.snapshot.spec.name}: ${fault.message}`)),
    Effect.ignore
  )

export const scheduleRestart = Effect.fnUntraced(function* (context: EngineContext, entry: Entry) {
  entry.restartDelayMillis = restartDelay(entry.restartDelayMillis, Date.now() - entry.startedAtMillis)
  entry.restart = yield* Effect.forkDetach(restartLater(context, entry, entry.restartDelayMillis))
})

/**
 * The end of a run: durable, told, answered, and followed by removal or restart as the container asks. Takes the lock,
 * so an end during a start is seen after it. Ends of earlier runs are known by their pid and ignored.
 */
export const handleExit = Effect.fn("engine.containers.exit")(function* (
  context: EngineContext,
  report: ExitReport
): Effect.fn.Return<void, Fault> {
  const entry = context.book.byId(report.id)
  if (entry === undefined) return
  yield* entry.lock.withPermit(
    Effect.gen(function* () {
      const { snapshot } = entry
      const { status, pid } = snapshot.state
      if ((status !== "running" && status !== "paused") || pid !== report.pid) return
      if (entry.health !== undefined) {
        yield* Fiber.interrupt(entry.health)
        entry.health = undefined
      }
      const restarting = shouldRestart(snapshot, report.exitCode)
      const intent = restarting || entry.isRestarted ? null : intentAtEnd(snapshot)
      killpoint("engine.exit.before-outcome")
      yield* publishDisconnects(context, entry)
      const ended = {
        ...snapshot,
        stoppedByUser: entry.snapshot.stoppedByUser,
        state: endedState(entry, report, restarting),
        endpoints: {},
        ports: [],
        execIds: []
      }
      yield* context.book.save(entry, ended, intent)
      killpoint("engine.exit.after-outcome")
      if (report.oomKilled) yield* containerEvent(context, entry, "oom")
      yield* containerEvent(context, entry, "die", { exitCode: String(report.exitCode) })
      const { nextExit } = entry
      entry.nextExit = Deferred.makeUnsafe()
      yield* Deferred.succeed(nextExit, { exitCode: report.exitCode, error: undefined })
      if (restarting) yield* scheduleRestart(context, entry)
      else if (intent !== null) yield* removeIntended(context, entry, autoRemoval)
    })
  )
})

import { killpoint } from "@sockerless/killpoints"
import type { ExitReport } from "@sockerless/backend-contract"
import { bundleOf, endOrphan, type Exit, isMonitorOf, release } from "@sockerless/oci-runtime"
import { Effect, Queue } from "effect"
import type { LocalContext } from "./context.ts"
import { timeText } from "./started.ts"

/** A container's end in the engine's words. */
export const exitReport = (exit: Exit): ExitReport => ({
  id: exit.id,
  pid: exit.pid,
  exitCode: exit.exitCode,
  oomKilled: exit.oomKilled,
  finishedAt: timeText(exit.finishedAtNanos)
})

/** Gives back processes, cgroup, addresses and ports of an ended run; a following start waits for it. */
export const giveBackEnded = (context: LocalContext, id: string): Effect.Effect<void> => {
  const live = context.live.of(id)
  const { record } = live
  if (record === undefined) return Effect.void
  return live.lock
    .withPermit(
      Effect.gen(function* () {
        // A start that came first has its own record; what is held belongs to it now.
        if (live.running !== undefined || live.record !== record) return
        killpoint("local.exit.before-release")
        yield* release(context.tools, context.folders, id, record.cgroupPath)
        killpoint("local.exit.after-release")
        yield* context.networks.leave(id, record)
        live.record = undefined
      })
    )
    .pipe(
      Effect.tapError((fault) => Effect.logWarning(`giving back what container ${id} held: ${fault.message}`)),
      Effect.ignore
    )
}

/** Turns exit files into reports for the engine; the report goes out before the slower giving back. */
export const pumpExits = (context: LocalContext, reports: Queue.Enqueue<ExitReport>): Effect.Effect<never> =>
  Effect.forever(
    Effect.gen(function* () {
      const exit: Exit = yield* Queue.take(context.exits.exits)
      const live = context.live.of(exit.id)
      // Ends of runs that this process neither started nor adopted are told by `adopt`.
      if (live.running?.pid !== exit.pid) return
      context.live.end(exit.id)
      yield* Effect.forkDetach(giveBackEnded(context, exit.id))
      yield* Queue.offer(reports, exitReport(exit))
    })
  )

/** How often the monitors of running containers are looked at. */
const LOOK_MILLIS = 1000

/** A dead monitor writes nothing: its container is ended and told, and an end that the watch missed is told too. */
const lookAtMonitor = (context: LocalContext, id: string) =>
  Effect.gen(function* () {
    const { running, record } = context.live.of(id)
    if (running === undefined || record === undefined) return
    if (isMonitorOf(running.monitorPid, bundleOf(context.folders, id).folder)) return
    const orphan = yield* endOrphan(context.tools, context.folders, id, record.cgroupPath)
    if (orphan) yield* Effect.logWarning(`the monitor of container ${id} was killed; the container has been ended`)
    yield* context.exits.look(id)
  }).pipe(
    Effect.tapError((fault) => Effect.logWarning(fault.message)),
    Effect.ignore
  )

/** Notices containers whose monitor was killed: without it nobody would ever tell their end. */
export const watchMonitors = (context: LocalContext): Effect.Effect<never> =>
  Effect.suspend(() =>
    Effect.forEach([...context.live.entries()], ([id]) => lookAtMonitor(context, id), { discard: true })
  ).pipe(Effect.andThen(Effect.sleep(LOOK_MILLIS)), Effect.forever)

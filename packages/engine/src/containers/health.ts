import { killpoint } from "@sockerless/killpoints"
import type { HealthcheckSpec } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { Effect, Option } from "effect"
import { backendOf, containerEvent, type EngineContext, handleOf, launchOf } from "../context.ts"
import { goDuration } from "../go-duration.ts"
import { newId, nowTime } from "../identity.ts"
import { captureOutput } from "../execs/capture.ts"
import type { Entry } from "./entry.ts"
import type { HealthState } from "./snapshot.ts"

const OUTPUT_BYTES = 4096
const KEPT_PROBES = 5
const NANOS_PER_MILLI = 1_000_000

type Probe = HealthState["log"][number]

/** `CMD` runs as it is, `CMD-SHELL` through the shell. */
const argvOf = (test: ReadonlyArray<string>): ReadonlyArray<string> =>
  test[0] === "CMD-SHELL" ? ["/bin/sh", "-c", test[1] ?? ""] : test.slice(1)

/** Runs the check once. A check that does not end in time has failed with -1, as in Docker. */
const probe = Effect.fnUntraced(function* (
  context: EngineContext,
  entry: Entry,
  check: HealthcheckSpec
): Effect.fn.Return<Probe, Fault> {
  const backend = yield* backendOf(context, entry)
  const argv = argvOf(check.test)
  const start = nowTime()
  const id = newId()
  yield* containerEvent(context, entry, `exec_create: ${argv.join(" ")}`, { execID: id })
  yield* containerEvent(context, entry, `exec_start: ${argv.join(" ")}`, { execID: id })
  const session = yield* backend.exec(yield* launchOf(context, entry), yield* handleOf(entry), {
    id,
    argv,
    env: [],
    workingDir: "",
    user: "",
    privileged: false,
    tty: false,
    stdin: false,
    stdout: true,
    stderr: true
  })
  const output = captureOutput(session.output, OUTPUT_BYTES)
  const ended = yield* session.exit.pipe(Effect.timeoutOption(check.timeoutNanos / NANOS_PER_MILLI))
  yield* containerEvent(context, entry, "exec_die", {
    execID: id,
    exitCode: String(Option.getOrElse(ended, () => -1))
  })
  if (Option.isNone(ended)) {
    session.output.destroy()
    const limit = goDuration(check.timeoutNanos)
    return { start, end: nowTime(), exitCode: -1, output: `Health check exceeded timeout (${limit})` }
  }
  return { start, end: nowTime(), exitCode: ended.value, output: yield* output }
})

/** The state after a probe: healthy at the first success, unhealthy after as many failures as allowed. */
export const afterProbe = (
  health: HealthState,
  result: Probe,
  check: HealthcheckSpec,
  inStartPeriod: boolean
): HealthState => {
  const log = [...health.log, result].slice(-KEPT_PROBES)
  if (result.exitCode === 0) return { status: "healthy", failingStreak: 0, log }
  if (health.status === "starting" && inStartPeriod) return { ...health, log }
  const failingStreak = health.failingStreak + 1
  const status = failingStreak >= check.retries ? "unhealthy" : health.status
  return { status, failingStreak, log }
}

const record = (context: EngineContext, entry: Entry, check: HealthcheckSpec, result: Probe) =>
  entry.lock.withPermit(
    Effect.gen(function* () {
      const { state } = entry.snapshot
      if (state.status !== "running" || state.health === undefined) return
      const inStartPeriod = (Date.now() - Date.parse(state.startedAt)) * NANOS_PER_MILLI < check.startPeriodNanos
      const health = afterProbe(state.health, result, check, inStartPeriod)
      killpoint("engine.health.before-record")
      yield* context.book.save(entry, { ...entry.snapshot, state: { ...state, health } })
      killpoint("engine.health.after-record")
      if (health.status !== state.health.status) {
        yield* containerEvent(context, entry, `health_status: ${health.status}`)
      }
    })
  )

const watch = (context: EngineContext, entry: Entry, check: HealthcheckSpec): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { state } = entry.snapshot
    const starting = state.health?.status === "starting"
    const inStartPeriod = (Date.now() - Date.parse(state.startedAt)) * NANOS_PER_MILLI < check.startPeriodNanos
    yield* Effect.sleep((starting && inStartPeriod ? check.startIntervalNanos : check.intervalNanos) / NANOS_PER_MILLI)
    if (entry.snapshot.state.status !== "running") return
    const result = yield* probe(context, entry, check).pipe(
      Effect.catch((fault) =>
        Effect.succeed<Probe>({ start: nowTime(), end: nowTime(), exitCode: -1, output: fault.message })
      )
    )
    yield* record(context, entry, check, result)
  }).pipe(
    Effect.tapError((fault) => Effect.logWarning(`health check of ${entry.snapshot.spec.name}: ${fault.message}`)),
    Effect.ignore,
    Effect.repeat({
      while: () => entry.snapshot.state.status === "running" || entry.snapshot.state.status === "paused"
    })
  )

/** Starts the checks of a container that has any; they end with the run. */
export const startHealth = Effect.fnUntraced(function* (context: EngineContext, entry: Entry) {
  const check = entry.snapshot.spec.healthcheck
  if (check === undefined) return
  entry.health = yield* Effect.forkDetach(watch(context, entry, check))
})

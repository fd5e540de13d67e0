import { killpoint } from "@sockerless/killpoints"
import type { Fault } from "@sockerless/faults"
import { Deferred, Effect, Fiber, Option } from "effect"
import { backendOf, containerEvent, type EngineContext, handleOf } from "../context.ts"
import { conflict, notFound, notModified, notRunning } from "../faults.ts"
import { type Entry, isRunning } from "./entry.ts"
import { SIGKILL, signalNumber } from "./signals.ts"
import { startLocked } from "./start.ts"

const DEFAULT_GRACE_SECONDS = 10
/** After SIGKILL the end is a matter of the kernel; a process that stays this long is stuck in it. */
const KILL_MILLIS = 10_000

export interface StopOptions {
  readonly timeoutSeconds?: number
  readonly signal?: string
}

const isGone = (fault: Fault): boolean => fault.kind === "conflict" || fault.kind === "not-found"

const send = Effect.fnUntraced(function* (context: EngineContext, entry: Entry, signal: number) {
  const backend = yield* backendOf(context, entry)
  const handle = yield* handleOf(entry)
  if (entry.snapshot.state.status === "paused") yield* backend.resume(handle)
  yield* backend.signal(handle, signal)
})

/** Marked before the signal, so that no policy restarts what the user ends; durable, so that recovery knows too. */
const markStopped = (context: EngineContext, entry: Entry) =>
  entry.lock.withPermit(
    Effect.suspend(() =>
      entry.snapshot.stoppedByUser || !isRunning(entry)
        ? Effect.void
        : context.book.save(entry, { ...entry.snapshot, stoppedByUser: true })
    )
  )

/** A container that waits for its next restart has no process: stopping it means not restarting it. */
const cancelRestart = Effect.fnUntraced(function* (context: EngineContext, entry: Entry) {
  const { restart } = entry
  entry.restart = undefined
  if (restart !== undefined) yield* Fiber.interrupt(restart)
  yield* entry.lock.withPermit(
    Effect.suspend(() =>
      entry.snapshot.state.status === "restarting"
        ? context.book.save(entry, {
            ...entry.snapshot,
            stoppedByUser: true,
            state: { ...entry.snapshot.state, status: "exited" }
          })
        : Effect.void
    )
  )
})

const endWithin = (deferred: Entry["nextExit"], millis: number) =>
  millis === Number.POSITIVE_INFINITY
    ? Effect.map(Deferred.await(deferred), Option.some)
    : Deferred.await(deferred).pipe(Effect.timeoutOption(millis))

const stopRunning = Effect.fnUntraced(function* (context: EngineContext, entry: Entry, options: StopOptions) {
  const { spec } = entry.snapshot
  const { nextExit } = entry
  const signal = yield* signalNumber(options.signal || spec.stopSignal || "SIGTERM")
  const seconds = options.timeoutSeconds ?? spec.stopTimeoutSeconds ?? DEFAULT_GRACE_SECONDS
  yield* markStopped(context, entry)
  killpoint("engine.stop.after-mark")
  yield* containerEvent(context, entry, "kill", { signal: String(signal) })
  yield* send(context, entry, signal).pipe(Effect.catchIf(isGone, () => Effect.void))
  killpoint("engine.stop.after-signal")
  const ended = yield* endWithin(nextExit, seconds < 0 ? Number.POSITIVE_INFINITY : seconds * 1000)
  if (Option.isNone(ended)) {
    yield* containerEvent(context, entry, "kill", { signal: String(SIGKILL) })
    yield* send(context, entry, SIGKILL).pipe(Effect.catchIf(isGone, () => Effect.void))
    yield* Deferred.await(nextExit)
  }
})

/** `docker stop`: the stop signal, then after the grace SIGKILL. Goes on when the client leaves. */
export const stopContainer = Effect.fn("engine.containers.stop")(function* (
  context: EngineContext,
  ref: string,
  options: StopOptions
): Effect.fn.Return<void, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  yield* Effect.gen(function* () {
    if (!isRunning(entry) && entry.snapshot.state.status !== "restarting") {
      return yield* Effect.fail(notModified(`container ${ref} is not running`))
    }
    // An end that came first may have led to a restart, and a restart that came first to a new run.
    while (isRunning(entry) || entry.snapshot.state.status === "restarting") {
      if (isRunning(entry)) {
        yield* stopRunning(context, entry, options)
        yield* containerEvent(context, entry, "stop")
      } else yield* cancelRestart(context, entry)
    }
  }).pipe(Effect.uninterruptible)
})

/** `docker restart`: a stopped one is started. */
export const restartContainer = Effect.fn("engine.containers.restart")(function* (
  context: EngineContext,
  ref: string,
  options: StopOptions
): Effect.fn.Return<void, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  yield* Effect.gen(function* () {
    if (entry.snapshot.state.status === "restarting") yield* cancelRestart(context, entry)
    if (isRunning(entry)) {
      entry.isRestarted = true
      yield* stopRunning(context, entry, options).pipe(
        Effect.ensuring(Effect.sync(() => void (entry.isRestarted = false)))
      )
      yield* containerEvent(context, entry, "stop")
    }
    killpoint("engine.restart.after-stop")
    yield* entry.lock.withPermit(startLocked(context, entry, 0))
    yield* containerEvent(context, entry, "restart")
  }).pipe(Effect.uninterruptible)
})

/** `docker kill`. SIGKILL returns when the container has ended. */
export const killContainer = Effect.fn("engine.containers.kill")(function* (
  context: EngineContext,
  ref: string,
  given: string
): Effect.fn.Return<void, Fault> {
  const signal = yield* signalNumber(given === "" ? "KILL" : given)
  const entry = yield* context.book
    .resolveForChange(ref)
    .pipe(
      Effect.mapError((fault) =>
        fault.kind === "not-found" ? notFound(`cannot kill container: ${ref}: ${fault.message}`) : fault
      )
    )
  const { id, stopSignal } = entry.snapshot.spec
  const refuse = conflict(`cannot kill container: ${ref}: ${notRunning(id).message}`)
  yield* Effect.gen(function* () {
    if (entry.snapshot.state.status === "restarting") {
      yield* cancelRestart(context, entry)
      if (!isRunning(entry)) return
    }
    if (!isRunning(entry)) return yield* Effect.fail(refuse)
    const { nextExit } = entry
    const ends = signal === SIGKILL || signal === (yield* signalNumber(stopSignal || "SIGTERM"))
    if (ends) yield* markStopped(context, entry)
    killpoint("engine.kill.before-signal")
    yield* send(context, entry, signal).pipe(Effect.mapError((fault) => (isGone(fault) ? refuse : fault)))
    killpoint("engine.kill.after-signal")
    yield* containerEvent(context, entry, "kill", { signal: String(signal) })
    if (signal === SIGKILL) yield* Deferred.await(nextExit).pipe(Effect.timeoutOption(KILL_MILLIS))
  }).pipe(Effect.uninterruptible)
})

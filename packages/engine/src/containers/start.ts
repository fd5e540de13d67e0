import type { BackendShape, Started, StartFault } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Deferred, Effect } from "effect"
import { backendOf, containerEvent, type EngineContext, handleOf, launchOf, publish } from "../context.ts"
import { conflict, DockerFault, notModified } from "../faults.ts"
import { newId, zeroTime } from "../identity.ts"
import { autoRemoval, type Entry, intentAtEnd } from "./entry.ts"
import { startHealth } from "./health.ts"
import { withLinks } from "./links.ts"
import { removeIntended } from "./remove.ts"
import type { ContainerState } from "./snapshot.ts"

/** What a successful start, fresh or adopted, makes of the snapshot. */
export const runningState = (entry: Entry, started: Started, paused = false): ContainerState => ({
  status: paused ? "paused" : "running",
  pid: started.pid,
  exitCode: 0,
  oomKilled: false,
  error: "",
  startedAt: started.startedAt,
  finishedAt: entry.snapshot.state.finishedAt,
  ...(entry.snapshot.spec.healthcheck === undefined
    ? {}
    : { health: { status: "starting", failingStreak: 0, log: [] } as const })
})

const exitCodeOf = (fault: StartFault): number => fault.exitCode ?? 128

/** The failure is part of the container's state: `docker inspect` and a waiting `docker run` tell it. */
const keepFailure = Effect.fnUntraced(function* (context: EngineContext, entry: Entry, fault: StartFault) {
  const exitCode = exitCodeOf(fault)
  const intent = intentAtEnd(entry.snapshot)
  const status = entry.snapshot.state.startedAt === zeroTime ? "created" : "exited"
  yield* context.book.save(
    entry,
    { ...entry.snapshot, state: { ...entry.snapshot.state, status, pid: 0, exitCode, error: fault.message } },
    intent
  )
  yield* Deferred.succeed(entry.nextExit, { exitCode, error: undefined })
  if (intent !== null) yield* removeIntended(context, entry, autoRemoval)
})

const publishStart = (context: EngineContext, entry: Entry) =>
  Effect.gen(function* () {
    const { spec } = entry.snapshot
    for (const networkId of Object.keys(entry.snapshot.endpoints)) {
      const network = yield* context.networks.byId(networkId)
      yield* publish(context, "network", "connect", networkId, {
        container: spec.id,
        name: network.name,
        type: network.driver
      })
    }
    yield* containerEvent(context, entry, "start")
  })

const run = Effect.fnUntraced(function* (context: EngineContext, entry: Entry, backend: BackendShape) {
  const intent = { verb: "start", id: newId() } as const
  const handle = yield* handleOf(entry)
  const launch = yield* withLinks(context, yield* launchOf(context, entry))
  // Renewed first: a client may have waited for the next end before the process was there.
  if (yield* Deferred.isDone(entry.nextExit)) entry.nextExit = Deferred.makeUnsafe()
  yield* context.book.save(entry, entry.snapshot, intent)
  killpoint("engine.start.after-intent")
  const started = yield* backend.start(launch, handle, intent)
  killpoint("engine.start.before-outcome")
  return started
})

/** Starts with the lock held. `restartCount` is what the snapshot shows from now on. */
export const startLocked = Effect.fn("engine.containers.start-locked")(function* (
  context: EngineContext,
  entry: Entry,
  restartCount: number
): Effect.fn.Return<void, Fault> {
  const backend = yield* backendOf(context, entry)
  const started = yield* run(context, entry, backend).pipe(
    Effect.tapError((fault) => keepFailure(context, entry, fault)),
    Effect.mapError((fault) => new DockerFault({ kind: fault.kind, text: fault.message }))
  )
  entry.handle = started.handle
  entry.startedAtMillis = Date.now()
  yield* context.book.save(entry, {
    ...entry.snapshot,
    state: runningState(entry, started),
    restartCount,
    stoppedByUser: false,
    endpoints: started.endpoints,
    ports: started.ports,
    execIds: []
  })
  killpoint("engine.start.after-outcome")
  yield* publishStart(context, entry)
  yield* startHealth(context, entry)
})

/** `docker start`: not-modified when it runs already. */
export const startContainer = Effect.fn("engine.containers.start")(function* (
  context: EngineContext,
  ref: string
): Effect.fn.Return<void, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  yield* (
    entry.lock
      .withPermit(
        Effect.gen(function* () {
          const { status } = entry.snapshot.state
          if (status === "paused") {
            return yield* Effect.fail(conflict("cannot start a paused container, try unpause instead"))
          }
          if (status === "running") return yield* Effect.fail(notModified(`container ${ref} is already running`))
          if (status === "removing" || status === "dead") {
            return yield* Effect.fail(conflict("container is marked for removal and cannot be started"))
          }
          entry.restartDelayMillis = 0
          yield* startLocked(context, entry, 0)
        })
      )
      // A client that leaves does not undo its start.
      .pipe(Effect.uninterruptible)
  )
})

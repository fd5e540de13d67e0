import type { Known, Observation } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Deferred, Effect } from "effect"
import { isDeepStrictEqual } from "node:util"
import { rollBack } from "./containers/create.ts"
import type { ContainerRecord, Entry } from "./containers/entry.ts"
import { autoRemoval, intentAtEnd, isRunning, makeEntry } from "./containers/entry.ts"
import { scheduleRestart } from "./containers/exit.ts"
import { startHealth } from "./containers/health.ts"
import { publishDisconnects, removeIntended, removeLocked } from "./containers/remove.ts"
import { shouldRestart, shouldStartAtBoot } from "./containers/restart-policy.ts"
import { runningState, startLocked } from "./containers/start.ts"
import { backendOf, containerEvent, defaultBackend, type EngineContext, remainingLaunchOf } from "./context.ts"
import { nowTime } from "./identity.ts"
import { settleEndpoints } from "./networks/settle-endpoints.ts"
import { ensurePredefined } from "./networks/verbs.ts"

/** What a start found and did: the first lines of the log. */
export interface RecoveryReport {
  readonly containers: number
  readonly adopted: ReadonlyArray<string>
  readonly endedMeanwhile: ReadonlyArray<{ readonly id: string; readonly name: string; readonly exitCode: number }>
  readonly completedRemovals: ReadonlyArray<string>
  readonly rolledBack: ReadonlyArray<string>
  readonly restarted: ReadonlyArray<string>
  /** Ended without a trace: a power cut or a reboot. */
  readonly lost: ReadonlyArray<string>
  readonly leftovers: ReadonlyArray<string>
  readonly failures: ReadonlyArray<{ readonly id: string; readonly reason: string }>
  readonly millis: number
}

type Outcome = "adopted" | "ended" | "removed" | "rolled-back" | "lost" | "as-it-was"

/** The exit code Docker shows for a container whose end nobody saw. */
const LOST_EXIT_CODE = 137

const takeEnd = Effect.fnUntraced(function* (
  context: EngineContext,
  entry: Entry,
  end: { readonly exitCode: number; readonly oomKilled: boolean; readonly finishedAt: string }
) {
  const { snapshot } = entry
  const { health: _, ...state } = snapshot.state
  const restarting = shouldRestart(snapshot, end.exitCode)
  const intent = restarting ? null : intentAtEnd(snapshot)
  yield* publishDisconnects(context, entry)
  const status = restarting ? ("restarting" as const) : ("exited" as const)
  const ended = { ...snapshot, state: { ...state, status, pid: 0, ...end }, endpoints: {}, ports: [], execIds: [] }
  yield* context.book.save(entry, ended, intent)
  yield* containerEvent(context, entry, "die", { exitCode: String(end.exitCode) })
  yield* Deferred.succeed(entry.nextExit, { exitCode: end.exitCode, error: undefined })
  if (restarting) yield* scheduleRestart(context, entry)
  else if (intent !== null) yield* removeIntended(context, entry, autoRemoval)
})

const takeRunning = Effect.fnUntraced(function* (
  context: EngineContext,
  entry: Entry,
  record: ContainerRecord,
  seen: Extract<Observation, { readonly _tag: "Running" }>
) {
  const { snapshot } = entry
  const known = isRunning(entry) && snapshot.state.pid === seen.started.pid
  entry.handle = seen.started.handle
  const state = known
    ? { ...snapshot.state, status: seen.paused ? ("paused" as const) : ("running" as const) }
    : runningState(entry, seen.started, seen.paused)
  if (!known) entry.snapshot = { ...snapshot, endpoints: {} }
  const settled = yield* settleEndpoints(context, entry, seen.started.endpoints)
  const now = { ...snapshot, ...settled, state, ports: seen.started.ports, execIds: [] }
  // Most are as they were recorded: fifty running ones must not wait for fifty writes.
  if (isDeepStrictEqual(record, { snapshot: now, handle: entry.handle, intent: null })) entry.snapshot = now
  else yield* context.book.save(entry, now)
  entry.startedAtMillis = Date.parse(state.startedAt)
  if (!known) yield* containerEvent(context, entry, "start")
  yield* startHealth(context, entry)
})

/** Completes what was under way and takes over what is there, for one container. */
const reconcile = Effect.fnUntraced(function* (
  context: EngineContext,
  entry: Entry,
  record: ContainerRecord
): Effect.fn.Return<Outcome, Fault> {
  if (record.intent?.verb === "create") {
    killpoint("engine.recovery.before-roll-back")
    yield* rollBack(context, entry)
    return "rolled-back"
  }
  if (record.intent?.verb === "remove") {
    killpoint("engine.recovery.before-removal")
    yield* removeIntended(context, entry, record.intent)
    return "removed"
  }
  const backend = yield* backendOf(context, entry)
  const seen = yield* backend.adopt(yield* remainingLaunchOf(context, entry), entry.handle)
  killpoint("engine.recovery.after-adopt")
  if (seen._tag === "Running") {
    yield* takeRunning(context, entry, record, seen)
    return "adopted"
  }
  const wasRunning = isRunning(entry) || record.intent?.verb === "start"
  if (!wasRunning) {
    const { spec, state } = entry.snapshot
    if (state.status === "restarting") yield* scheduleRestart(context, entry)
    if (state.status !== "exited" || !spec.autoRemove) return "as-it-was"
    // A restart that died between its stop and its start.
    yield* removeLocked(context, entry, autoRemoval)
    return "removed"
  }
  if (seen._tag === "Exited") {
    entry.handle = seen.handle
    yield* takeEnd(context, entry, {
      exitCode: seen.exit.exitCode,
      oomKilled: seen.exit.oomKilled,
      finishedAt: seen.exit.finishedAt
    })
    return "ended"
  }
  if (!isRunning(entry)) {
    // A start that never got to a process: the container is as it was before.
    yield* context.book.save(entry, entry.snapshot)
    return "as-it-was"
  }
  yield* takeEnd(context, entry, { exitCode: LOST_EXIT_CODE, oomKilled: false, finishedAt: nowTime() })
  return "lost"
})

const knownOf = (context: EngineContext, records: ReadonlyArray<ContainerRecord>) =>
  Effect.map(
    Effect.forEach(
      records.filter((record) => record.intent?.verb !== "create"),
      (record) => {
        const entry = context.book.byId(record.snapshot.spec.id)
        return entry === undefined
          ? Effect.succeed(undefined)
          : Effect.map(remainingLaunchOf(context, entry), (launch) => ({ launch, handle: entry.handle }))
      }
    ),
    (workloads): Known => ({
      workloads: workloads.flatMap((workload) => workload ?? []),
      networks: context.networks.all,
      volumes: context.volumes.all.map((volume) => volume.name)
    })
  )

/** Loads every record, so that reads can be served while recovery goes on. */
export const loadRecords = Effect.fn("engine.recovery.load")(function* (
  context: EngineContext
): Effect.fn.Return<ReadonlyArray<ContainerRecord>, Fault> {
  yield* context.networks.load()
  yield* context.volumes.load()
  const records = yield* context.book.load()
  for (const record of records) context.book.add(makeEntry(record.snapshot, record.handle ?? undefined, false))
  return records
})

const restartAtBoot = Effect.fnUntraced(function* (context: EngineContext, ended: ReadonlySet<string>) {
  const restarted: Array<string> = []
  for (const entry of context.book.all) {
    const { spec, state } = entry.snapshot
    // What ended under the last daemon was asked for by its policy then; dockerd starts these again at boot.
    if (state.status !== "exited" || ended.has(spec.id) || !shouldStartAtBoot(entry.snapshot)) continue
    yield* entry.lock.withPermit(startLocked(context, entry, entry.snapshot.restartCount + 1)).pipe(
      Effect.tap(() => Effect.sync(() => restarted.push(spec.name))),
      Effect.tapError((fault) => Effect.logWarning(`starting container ${spec.name}: ${fault.message}`)),
      Effect.ignore
    )
  }
  return restarted
})

interface Failure {
  readonly id: string
  readonly reason: string
}

interface Findings {
  readonly outcomes: Map<string, Outcome>
  readonly failures: Array<Failure>
}

const reconcileAll = (context: EngineContext, records: ReadonlyArray<ContainerRecord>, findings: Findings) =>
  Effect.forEach(
    records,
    (record) => {
      const entry = context.book.byId(record.snapshot.spec.id)
      if (entry === undefined) return Effect.void
      const { id } = record.snapshot.spec
      // Under the lock: an end that is told while the container is taken over is seen after it.
      return entry.lock.withPermit(reconcile(context, entry, record)).pipe(
        Effect.tap((outcome) =>
          Effect.sync(() => {
            findings.outcomes.set(id, outcome)
            entry.reconciled = true
            killpoint("engine.recovery.after-one")
          })
        ),
        Effect.catch((fault) => Effect.sync(() => void findings.failures.push({ id, reason: fault.message })))
      )
    },
    { concurrency: 8, discard: true }
  )

/** Places beside the default one hold workloads only. One that cannot be reached is told and holds up nobody. */
const recoverFurther = (context: EngineContext, defaultName: string, known: Known) =>
  Effect.forEach(
    [...context.backends.byName.values()].filter(({ name }) => name !== defaultName),
    (backend) =>
      backend
        .recover({
          workloads: known.workloads.filter(({ launch }) => launch.spec.runtime === backend.name),
          networks: [],
          volumes: []
        })
        .pipe(
          Effect.map(({ removed }) => ({ removed, failures: [] as ReadonlyArray<Failure> })),
          Effect.catch((fault) =>
            Effect.succeed({ removed: [], failures: [{ id: `backend ${backend.name}`, reason: fault.message }] })
          )
        ),
    { concurrency: "unbounded" }
  )

/**
 * Start-up is recovery: the place is made equal to what is known, each container is completed, adopted or told as
 * ended, and accepts changes as soon as it is. One that cannot be reconciled does not hold up the others.
 */
export const recover = Effect.fn("engine.recovery")(function* (
  context: EngineContext,
  records: ReadonlyArray<ContainerRecord>
): Effect.fn.Return<RecoveryReport, Fault> {
  const start = performance.now()
  const backend = yield* defaultBackend(context)
  killpoint("engine.recovery.before-sweep")
  const known = yield* knownOf(context, records)
  const { removed } = yield* backend.recover(known)
  killpoint("engine.recovery.after-sweep")
  yield* ensurePredefined(context)
  context.opening.isOpen = true
  const outcomes = new Map<string, Outcome>()
  const failures: Array<Failure> = []
  const isHere = ({ snapshot }: ContainerRecord) => snapshot.spec.runtime === backend.name
  // This machine's own containers first: a place that cannot be reached keeps them waiting no longer than it must.
  yield* reconcileAll(context, records.filter(isHere), { outcomes, failures })
  const further = yield* recoverFurther(context, backend.name, known)
  failures.push(...further.flatMap((place) => place.failures))
  yield* reconcileAll(
    context,
    records.filter((record) => !isHere(record)),
    { outcomes, failures }
  )
  const named = (outcome: Outcome) => records.filter((record) => outcomes.get(record.snapshot.spec.id) === outcome)
  const ids = (outcome: Outcome) => named(outcome).map((record) => record.snapshot.spec.name)
  const restarted = yield* restartAtBoot(context, new Set(named("ended").map((record) => record.snapshot.spec.id)))
  killpoint("engine.recovery.done")
  return {
    containers: records.length,
    adopted: ids("adopted"),
    endedMeanwhile: named("ended").map(({ snapshot }) => ({
      id: snapshot.spec.id,
      name: snapshot.spec.name,
      exitCode: context.book.byId(snapshot.spec.id)?.snapshot.state.exitCode ?? 0
    })),
    completedRemovals: ids("removed"),
    rolledBack: ids("rolled-back"),
    restarted,
    lost: ids("lost"),
    leftovers: [...removed, ...further.flatMap((place) => place.removed)],
    failures,
    millis: Math.round(performance.now() - start)
  }
})

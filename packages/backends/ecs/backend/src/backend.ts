import type { BackendFacts, BackendShape, ExitReport, Feature, Handle, Known } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { ImageStore } from "@sockerless/images"
import { Ledger, type OperationRecord, type ResourceEntry, type Verdict } from "@sockerless/resource-registry"
import { stopTask } from "@sockerless/scanner-ecs"
import { Effect, Queue, type Scope, Stream } from "effect"
import { adoptTask } from "./adopt.ts"
import { checkSpec } from "./check.ts"
import { BACKEND, type EcsContext } from "./context.ts"
import { createTaskDefinition } from "./create.ts"
import { watchExits } from "./exits.ts"
import { EcsNotRunning, EcsOperationUnsupported, EcsUnsupported } from "./faults.ts"
import { type EcsState, stateOf } from "./handle.ts"
import { attachTo, logsOf } from "./logs.ts"
import { defaultTiming, type EcsOptions } from "./options.ts"
import { placeOf } from "./place.ts"
import { removeContainer } from "./remove.ts"
import { startTask } from "./start.ts"

/** What needs a process beside the user's in the task, or a service that is not used yet. */
const features: ReadonlySet<Feature> = new Set<Feature>(["attach"])

/** How long ECS may hide a task that was just started. */
const SETTLE_MILLIS = 30_000
const SIGKILL = 9
const SIGTERM = 15

const off = (operation: string) => () => Effect.fail(new EcsOperationUnsupported({ operation }))

const about = ({ options }: EcsContext): BackendFacts => ({
  description: `ECS Fargate, cluster ${options.cluster} in ${options.account.region}`,
  storageDriver: "ecs",
  storageStatus: [],
  cgroupDriver: "none",
  cgroupVersion: "2",
  securityOptions: [],
  runtimePath: "",
  runtimeVersion: "",
  warnings: []
})

const observe = (operation: OperationRecord, resources: ReadonlyArray<ResourceEntry>): Effect.Effect<Verdict> =>
  Effect.clockWith((clock) =>
    Effect.map(clock.currentTimeMillis, (now): Verdict => {
      if (resources.length > 0 && resources.every(({ state }) => state === "held")) return "adopt"
      return now - operation.atMillis < SETTLE_MILLIS ? "wait" : "undo"
    })
  )

/** Settles what a crash left open, then removes what belongs to no container that is known. */
const recover = Effect.fn("ecs.recover")(function* (context: EcsContext, known: Known) {
  const place = placeOf(context)
  const report = yield* context.ledger.recover({
    backend: BACKEND,
    place,
    observe,
    forward: () => Effect.succeed(null)
  })
  const alive = new Set(known.workloads.map(({ launch }) => launch.spec.id))
  const { resources } = yield* context.ledger.view
  const strays = resources.filter((entry) => entry.state === "held" && !alive.has(entry.subject))
  for (const entry of strays) yield* context.ledger.dispose(entry.key, place)
  return { removed: [...strays.map(({ type, name }) => `${type} ${name}`), ...report.undone] }
})

/** ECS ends a task with the image's stop signal and kills it after the stop timeout; it sends no other signals. */
const signal = (context: EcsContext) => (handle: Handle, number: number) =>
  Effect.gen(function* () {
    const { id } = yield* stateOf(handle)
    const live = context.live.get(id)
    if (live === undefined) return yield* Effect.fail(new EcsNotRunning({ id }))
    if (number !== SIGKILL && number !== SIGTERM) {
      return yield* Effect.fail(new EcsUnsupported({ option: `signal ${number}`, wayOut: "use TERM or KILL" }))
    }
    yield* stopTask(context.scope, live.taskArn, number === SIGKILL ? "docker kill" : "docker stop")
  })

const unsupported: Pick<BackendShape, "pause" | "resume" | "update" | "resize" | "exec" | "archive" | "stats" | "top"> =
  {
    pause: off("pause"),
    resume: off("unpause"),
    update: off("update"),
    resize: off("resize"),
    exec: off("exec"),
    archive: {
      stat: off("cp"),
      pack: off("cp"),
      unpack: off("cp"),
      exportRoot: off("export"),
      changes: off("diff"),
      packChanges: off("commit")
    },
    stats: off("stats"),
    top: off("top")
  }

const withState = <A>(handle: Handle, use: (state: EcsState) => A): Effect.Effect<A, Fault> =>
  Effect.map(stateOf(handle), use)

/** Containers as Fargate tasks of one cluster. Watches for ends as long as the scope lives. */
export const makeEcsBackend = Effect.fn("ecs.make")(function* (
  options: EcsOptions
): Effect.fn.Return<BackendShape, never, ImageStore | Ledger | Scope.Scope> {
  const context: EcsContext = {
    options,
    scope: { account: options.account, cluster: options.cluster },
    timing: options.timing ?? defaultTiming,
    images: yield* ImageStore,
    ledger: yield* Ledger,
    reports: yield* Queue.unbounded<ExitReport>(),
    live: new Map(),
    awaited: new Map()
  }
  yield* Effect.forkScoped(watchExits(context))
  return {
    name: BACKEND,
    features,
    about: Effect.succeed(about(context)),
    check: checkSpec,
    create: (launch, intent) => createTaskDefinition(context, launch, intent),
    start: (launch, handle, intent) => startTask(context, launch, handle, intent),
    adopt: (launch, handle) => adoptTask(context, launch, handle),
    exits: Stream.fromQueue(context.reports),
    signal: signal(context),
    remove: (id) => removeContainer(context, id),
    logs: (handle, log) => withState(handle, (state) => logsOf(context, state, log)),
    attach: (handle, attach) => withState(handle, (state) => attachTo(context, state, attach)),
    ...unsupported,
    size: () => Effect.succeed({ rwBytes: 0, rootBytes: 0 }),
    networks: {
      create: off("networks of its own"),
      remove: () => Effect.void,
      connect: off("network connect"),
      disconnect: off("network disconnect")
    },
    volumes: {
      create: off("volumes"),
      remove: () => Effect.void,
      usage: off("volumes")
    },
    recover: (known) => recover(context, known)
  }
})

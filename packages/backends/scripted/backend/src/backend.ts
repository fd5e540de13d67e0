import type { BackendShape, ExitReport, Feature, Known, Launch, Observation } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { Effect, Queue, type Scope, Stream } from "effect"
import { archiveOf } from "./archive.ts"
import { execIn } from "./exec.ts"
import { notRunning, ScriptedUnsupported } from "./faults.ts"
import { about, statsOf, tableOf } from "./figures.ts"
import { FileTree } from "./file-tree.ts"
import { networksOf } from "./networks.ts"
import { idOf, type ScriptedPlace } from "./place.ts"
import { startWorkload } from "./start.ts"
import { attachTo } from "./streams.ts"
import { newWorkload, startedOf, type Workload } from "./workload.ts"

export interface ScriptedOptions {
  /** The name users give to `--runtime`; `scripted` unless told. */
  readonly name?: string
  /** Features left out: their verbs are refused by name. */
  readonly without?: ReadonlyArray<Feature>
}

const allFeatures: ReadonlyArray<Feature> = [
  "exec",
  "attach",
  "archive",
  "stats",
  "top",
  "pause",
  "update",
  "published-ports",
  "user-networks",
  "named-volumes",
  "bind-mounts"
]

interface Context {
  readonly place: ScriptedPlace
  readonly name: string
  readonly features: ReadonlySet<Feature>
}

/** Refuses an operation whose feature is left out. */
const need = <A, E>(
  context: Context,
  feature: Feature,
  act: Effect.Effect<A, E>,
  operation: string = feature
): Effect.Effect<A, E | ScriptedUnsupported> =>
  context.features.has(feature)
    ? act
    : Effect.fail(
        new ScriptedUnsupported({ backend: context.name, operation, wayOut: "use a backend that has this feature" })
      )

const runningOf = (context: Context, id: string): Effect.Effect<Workload, Fault> =>
  Effect.flatMap(context.place.of(id), (workload) =>
    workload.run === undefined ? Effect.fail(notRunning(id)) : Effect.succeed(workload)
  )

const observe = (context: Context, launch: Launch): Observation => {
  const workload = context.place.workloads.get(launch.spec.id)
  if (workload === undefined) return { _tag: "Absent" }
  const handle = { backend: context.name, version: 1, state: { id: launch.spec.id } }
  if (workload.run !== undefined) {
    return { _tag: "Running", started: startedOf(workload, workload.run, context.name), paused: workload.paused }
  }
  if (workload.lost) return { _tag: "Lost", handle }
  return workload.exit === undefined ? { _tag: "Created", handle } : { _tag: "Exited", handle, exit: workload.exit }
}

const removeWorkload = (context: Context, id: string): void => {
  const { run } = context.place.workloads.get(id) ?? {}
  context.place.workloads.get(id)?.output.end()
  context.place.workloads.delete(id)
  for (const server of run?.servers ?? []) server.close()
  run?.process.end({ exitCode: 137 })
}

const lifeVerbs = (context: Context): Pick<BackendShape, "check" | "create" | "start" | "adopt" | "remove"> => ({
  check: ({ network }) => {
    const refused = (operation: string, wayOut: string) =>
      Effect.fail(new ScriptedUnsupported({ backend: context.name, operation, wayOut }))
    if (network.portBindings.some(({ protocol }) => protocol === "sctp")) {
      return refused("publishing SCTP ports", "publish tcp or udp")
    }
    return network.portBindings.length > 0
      ? need(context, "published-ports", Effect.succeed([]), "published ports")
      : Effect.succeed([])
  },
  create: (launch) =>
    context.place.step(
      "create",
      launch.spec.id,
      Effect.sync(() => {
        if (!context.place.workloads.has(launch.spec.id)) {
          context.place.workloads.set(launch.spec.id, newWorkload(launch))
        }
        return { backend: context.name, version: 1, state: { id: launch.spec.id } }
      })
    ),
  start: (launch) => context.place.step("start", launch.spec.id, startWorkload(context.place, launch, context.name)),
  adopt: (launch) =>
    context.place.step(
      "adopt",
      launch.spec.id,
      Effect.sync(() => observe(context, launch))
    ),
  remove: (id) =>
    context.place.step(
      "remove",
      id,
      Effect.sync(() => removeWorkload(context, id))
    )
})

const controlVerbs = (
  context: Context
): Pick<BackendShape, "signal" | "pause" | "resume" | "update" | "stats" | "top" | "size"> => {
  const onRunning = <A>(verb: string, id: string, act: (workload: Workload) => A): Effect.Effect<A, Fault> =>
    context.place.step(verb, id, Effect.map(runningOf(context, id), act))
  return {
    signal: (handle, number) => onRunning("signal", idOf(handle), ({ run }) => run?.process.signal(number)),
    pause: (handle) =>
      need(
        context,
        "pause",
        onRunning("pause", idOf(handle), (workload) => void (workload.paused = true))
      ),
    resume: (handle) =>
      need(
        context,
        "pause",
        onRunning("resume", idOf(handle), (workload) => void (workload.paused = false))
      ),
    update: (handle, resources) =>
      need(
        context,
        "update",
        onRunning("update", idOf(handle), (workload) => {
          const { launch } = workload
          workload.launch = {
            ...launch,
            spec: { ...launch.spec, resources: { ...launch.spec.resources, ...resources } }
          }
        })
      ),
    stats: (handle) => need(context, "stats", onRunning("stats", idOf(handle), statsOf)),
    top: (handle) => need(context, "top", onRunning("top", idOf(handle), tableOf)),
    size: (handle) =>
      Effect.map(context.place.of(idOf(handle)), ({ root, image }) => ({
        rwBytes: root.bytes - image.bytes,
        rootBytes: root.bytes
      }))
  }
}

const streamVerbs = (context: Context): Pick<BackendShape, "logs" | "attach" | "resize" | "exec"> => ({
  logs: (handle, options) =>
    Effect.map(context.place.of(idOf(handle)), (workload) =>
      workload.output.read(options, "start", options.follow && workload.run !== undefined)
    ),
  attach: (handle, options) =>
    need(
      context,
      "attach",
      Effect.map(context.place.of(idOf(handle)), (workload) => attachTo(workload, options))
    ),
  resize: (handle, size) => Effect.map(runningOf(context, idOf(handle)), ({ run }) => run?.process.resize(size)),
  exec: (_, handle, exec) =>
    need(context, "exec", context.place.step("exec", idOf(handle), execIn(context.place, idOf(handle), exec)))
})

const needingArchive = (context: Context): BackendShape["archive"] => {
  const archive = archiveOf(context.place)
  return {
    stat: (...args) => need(context, "archive", archive.stat(...args)),
    pack: (...args) => need(context, "archive", archive.pack(...args)),
    unpack: (...args) => need(context, "archive", archive.unpack(...args)),
    exportRoot: (...args) => need(context, "archive", archive.exportRoot(...args)),
    changes: (...args) => need(context, "archive", archive.changes(...args)),
    packChanges: (...args) => need(context, "archive", archive.packChanges(...args))
  }
}

const volumesOf = (context: Context): BackendShape["volumes"] => ({
  create: (name) =>
    need(
      context,
      "named-volumes",
      Effect.sync(() => {
        if (!context.place.volumes.has(name)) context.place.volumes.set(name, new FileTree())
        return { mountpoint: `/scripted/volumes/${name}` }
      }),
      "named volumes"
    ),
  remove: (name) =>
    context.place.step(
      "volumes.remove",
      name,
      Effect.sync(() => void context.place.volumes.delete(name))
    ),
  usage: (name) => Effect.sync(() => ({ bytes: context.place.volumes.get(name)?.bytes ?? 0 }))
})

const recover = (context: Context, known: Known): { readonly removed: ReadonlyArray<string> } => {
  const keep = new Set(known.workloads.map(({ launch }) => launch.spec.id))
  const removed = [...context.place.workloads.keys()].filter((id) => !keep.has(id))
  for (const id of removed) removeWorkload(context, id)
  for (const network of known.networks) context.place.networks.set(network.id, network)
  return { removed }
}

/** A backend over a scripted place. Several may be made over one place: each is one life of a daemon. */
export const makeScriptedBackend = Effect.fnUntraced(function* (
  place: ScriptedPlace,
  options: ScriptedOptions = {}
): Effect.fn.Return<BackendShape, never, Scope.Scope> {
  const reports = yield* Queue.unbounded<ExitReport>()
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const tell = (report: ExitReport) => void Queue.offerUnsafe(reports, report)
      place.listeners.add(tell)
      return tell
    }),
    (tell) => Effect.sync(() => place.listeners.delete(tell))
  )
  const features = new Set(allFeatures.filter((feature) => options.without?.includes(feature) !== true))
  const context: Context = { place, name: options.name ?? "scripted", features }
  const networks = networksOf(place)
  return {
    name: context.name,
    features,
    about: Effect.succeed(about),
    exits: Stream.fromQueue(reports),
    ...lifeVerbs(context),
    ...controlVerbs(context),
    ...streamVerbs(context),
    archive: needingArchive(context),
    networks: {
      ...networks,
      create: (network) =>
        network.driver === "bridge" && network.name !== "bridge"
          ? need(context, "user-networks", networks.create(network), "user-defined networks")
          : networks.create(network)
    },
    volumes: volumesOf(context),
    recover: (known) =>
      place.step(
        "recover",
        "",
        Effect.sync(() => recover(context, known))
      )
  }
})

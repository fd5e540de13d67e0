import { killpoint } from "@sockerless/killpoints"
import type { BackendShape, ExitReport, Feature, Known } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { ImageStore } from "@sockerless/images"
import {
  archiveHelperSource,
  detectTools,
  Dns,
  LinuxNetwork,
  observe,
  pause,
  resize,
  resume,
  signal,
  stats,
  sweep,
  top,
  update,
  watchExits
} from "@sockerless/oci-runtime"
import { Effect, Queue, type Scope, Stream } from "effect"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { aboutLocal } from "./about.ts"
import { adoptContainer } from "./adopt.ts"
import { archiveOf } from "./archive.ts"
import { checkSpec } from "./check.ts"
import { idOf, type LocalContext } from "./context.ts"
import { createContainer } from "./create.ts"
import { connectEndpoint, disconnectEndpoint } from "./endpoints.ts"
import { execIn, runningOf } from "./exec.ts"
import { forgetExecs } from "./exec-files.ts"
import { pumpExits, watchMonitors } from "./exits.ts"
import { attempt, LocalConflict } from "./faults.ts"
import { readLaunchRecord, writeLaunchRecord } from "./launch-record.ts"
import { LiveContainers } from "./live.ts"
import { makeLocalNetworks } from "./networks.ts"
import type { LocalOptions } from "./options.ts"
import { pathsOf } from "./paths.ts"
import { deleteRemoved, removeContainer } from "./remove.ts"
import { startContainer } from "./start.ts"
import { attachTo, logsOf } from "./streams.ts"
import { folderBytes } from "./usage.ts"
import { createVolume, removeVolume, sweepVolumes } from "./volumes.ts"

const features: ReadonlySet<Feature> = new Set([
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
])

const makeContext = Effect.fnUntraced(function* (
  options: LocalOptions
): Effect.fn.Return<LocalContext, Fault, Dns | ImageStore | LinuxNetwork | Scope.Scope> {
  const paths = pathsOf(options)
  const folders = {
    bundles: paths.bundles,
    exits: paths.exits,
    execs: paths.execs,
    runtimeState: join(options.execRoot, "runtime")
  }
  // Nothing else runs yet, and a call is quicker than a turn of the thread pool.
  yield* attempt("create the state folders", async () => {
    for (const folder of [paths.containers, paths.removed, paths.volumes, ...Object.values(folders)]) {
      mkdirSync(folder, { recursive: true, mode: 0o711 })
    }
    mkdirSync(join(paths.containers, "empty"), { recursive: true, mode: 0o755 })
  })
  const linux = yield* LinuxNetwork
  return {
    options,
    paths,
    folders,
    tools: yield* detectTools,
    images: yield* ImageStore,
    networks: makeLocalNetworks(linux, yield* Dns, options),
    live: new LiveContainers(),
    exits: yield* watchExits(folders),
    helper: options.archiveHelper === undefined ? archiveHelperSource : { file: options.archiveHelper },
    cgroupParent: `/sockerless-${options.instanceId}`
  }
})

/** Brings networks back, keeps what `known` names and removes every other trace of ours. */
const recover = Effect.fn("local.recover")(function* (context: LocalContext, known: Known) {
  const ids = new Set(known.workloads.map(({ launch }) => launch.spec.id))
  const removed = yield* sweep(context.tools, context.folders, context.cgroupParent, ids)
  for (const id of ids) forgetExecs(context, id)
  const running = [...ids].flatMap((id) => {
    const record = readLaunchRecord(context.paths, id)
    if (record === undefined || observe(context.folders, id, record.cgroupPath)._tag !== "Running") return []
    context.live.of(id).record = record
    return [{ id, record }]
  })
  killpoint("local.recover.after-sweep")
  const networks = yield* context.networks.recover(known.networks, running)
  for (const { id, record } of networks.changed) {
    yield* writeLaunchRecord(context.paths, id, record)
    context.live.of(id).record = record
  }
  killpoint("local.recover.after-networks")
  yield* Effect.forkDetach(deleteRemoved(context))
  const drafts = yield* sweepVolumes(context.paths, known.volumes)
  return { removed: [...removed, ...networks.removed, ...drafts] }
})

const streamVerbs = (context: LocalContext): Pick<BackendShape, "logs" | "attach" | "resize" | "exec" | "archive"> => ({
  logs: (handle, options) =>
    Effect.sync(() => logsOf(context.paths.container(idOf(handle)).log, context.live.of(idOf(handle)), options)),
  attach: (handle, options) =>
    Effect.sync(() => {
      const id = idOf(handle)
      const place = { folders: context.folders, id, tty: options.tty, once: options.stdinOnce }
      return attachTo(context.paths.container(id).log, place, context.live.of(id), options)
    }),
  resize: (handle, size) =>
    Effect.andThen(runningOf(context, idOf(handle)), resize(context.folders, idOf(handle), size)),
  exec: (launch, _, exec) => execIn(context, launch, exec),
  archive: archiveOf(context)
})

const cgroupOf = (context: LocalContext, id: string): string =>
  context.live.of(id).record?.cgroupPath ?? `${context.cgroupParent}/${id}`

const controlVerbs = (
  context: LocalContext
): Pick<BackendShape, "signal" | "pause" | "resume" | "update" | "stats" | "top" | "size"> => ({
  signal: (handle, number) =>
    Effect.gen(function* () {
      const running = yield* runningOf(context, idOf(handle))
      if (yield* signal(running, number)) return
      return yield* Effect.fail(new LocalConflict({ text: `container ${idOf(handle)} is not running` }))
    }),
  pause: (handle) => pause(context.tools, cgroupOf(context, idOf(handle))),
  resume: (handle) => resume(context.tools, cgroupOf(context, idOf(handle))),
  update: (handle, resources) =>
    Effect.gen(function* () {
      yield* update(context.tools, context.folders, yield* runningOf(context, idOf(handle)), resources)
    }),
  stats: (handle) =>
    Effect.map(runningOf(context, idOf(handle)), (running) =>
      Object.assign(stats(context.tools, cgroupOf(context, idOf(handle)), running.pid), {
        readAt: new Date().toISOString()
      })
    ),
  top: (handle, psArguments) => top(context.tools, cgroupOf(context, idOf(handle)), psArguments),
  size: (handle) =>
    Effect.map(folderBytes(context.paths.container(idOf(handle)).upper), (rwBytes) => ({ rwBytes, rootBytes: rwBytes }))
})

/** Containers on this machine: conmon and an OCI runtime, overlay roots, bridges. Needs root. */
export const makeLocalBackend = Effect.fn("local.make")(function* (
  options: LocalOptions
): Effect.fn.Return<BackendShape, Fault, Dns | ImageStore | LinuxNetwork | Scope.Scope> {
  const context = yield* makeContext(options)
  const reports = yield* Queue.unbounded<ExitReport>()
  yield* Effect.forkScoped(pumpExits(context, reports))
  yield* Effect.forkScoped(watchMonitors(context))
  return {
    name: "local",
    features,
    about: aboutLocal(context),
    check: (spec) => checkSpec(spec, context.tools),
    create: (launch) => createContainer(context, launch),
    start: (launch) => startContainer(context, launch),
    adopt: (launch, handle) => adoptContainer(context, launch, handle),
    exits: Stream.fromQueue(reports),
    remove: (id) => removeContainer(context, id),
    ...streamVerbs(context),
    ...controlVerbs(context),
    networks: {
      create: context.networks.create,
      remove: context.networks.remove,
      connect: (launch, _, endpoint) => connectEndpoint(context, launch, endpoint),
      disconnect: (launch, _, networkId) => disconnectEndpoint(context, launch, networkId)
    },
    volumes: {
      create: (name, volumeOptions) => createVolume(context.paths, name, volumeOptions),
      remove: (name) => removeVolume(context.paths, name),
      usage: (name) => Effect.map(folderBytes(join(context.paths.volume(name), "_data")), (bytes) => ({ bytes }))
    },
    recover: (known) => recover(context, known)
  }
})

import { type ImageRecord, ImageStore, type RegistryAuth } from "@sockerless/images"
import {
  bundleOf,
  detectTools,
  isMonitorOf,
  killStarters,
  launch,
  observe,
  pause,
  recordedPid,
  remove,
  resume,
  type RuntimeFolders,
  signal,
  sweep,
  type Tools
} from "@sockerless/oci-runtime"
import { Context, Effect, Layer, Stream } from "effect"
import { existsSync } from "node:fs"
import { mkdir, readdir, rm, rmdir } from "node:fs/promises"
import { join } from "node:path"
import type { Simulation } from "../simulation.ts"
import { filesOf, specOf, writeFiles } from "./container.ts"
import { type Exits, makeExits } from "./exits.ts"
import { atStage, WorkloadFailed } from "./faults.ts"
import { type GroupNetwork, makeGroupNetwork } from "./network.ts"
import type { WorkloadExit, WorkloadGroup, WorkloadRequest } from "./request.ts"

export interface HostOptions {
  /** Survives a reboot: container folders and their logs. */
  readonly dataRoot: string
  /** On a tmpfs: bundles, exit files, runtime state. */
  readonly execRoot: string
  /** Six hex digits that mark what is ours on this machine. */
  readonly instance: string
}

/** What a container is now. `Gone` has neither a process nor a known end. */
export type WorkloadNow = "Running" | "Exited" | "Gone"

/**
 * Runs workloads for real. Containers are known by ids that the caller derives from its own names, so that every verb
 * works as well after the simulator was killed and started again.
 */
export class WorkloadHost extends Context.Service<
  WorkloadHost,
  {
    /** The address of this machine as workloads see it; undefined where none can run. */
    readonly gateway: string | undefined
    readonly subnet: string
    /** Gives a group of containers its network interface. Idempotent. */
    readonly join: (group: string) => Effect.Effect<WorkloadGroup, WorkloadFailed>
    /** Takes a group's interface away. Idempotent. */
    readonly leave: (group: string) => Effect.Effect<void, WorkloadFailed>
    /** Has an image at hand, pulled if need be. */
    readonly pull: (reference: string, auth?: RegistryAuth) => Effect.Effect<ImageRecord, WorkloadFailed>
    /** Starts a container and returns when its process runs. */
    readonly start: (request: WorkloadRequest) => Effect.Effect<void, WorkloadFailed>
    readonly observe: (id: string) => WorkloadNow
    /**
     * As `observe`, of a container that an earlier run may have been starting: waits for an end that is being written,
     * and ends a start that never let the process go. `Gone` then means that it never ran.
     */
    readonly settle: (id: string) => Effect.Effect<WorkloadNow, WorkloadFailed>
    /** Waits for the end of a container that was started, by this process or one before it. */
    readonly exit: (id: string) => Effect.Effect<WorkloadExit>
    /** Signals the main process; no process is success. */
    readonly signal: (id: string, number: number) => Effect.Effect<void, WorkloadFailed>
    /** Stops every process where it is. */
    readonly freeze: (id: string) => Effect.Effect<void, WorkloadFailed>
    readonly thaw: (id: string) => Effect.Effect<void, WorkloadFailed>
    /** Ends and forgets a container with its files. Idempotent. */
    readonly remove: (id: string) => Effect.Effect<void, WorkloadFailed>
    /** Where the container's output is written. */
    readonly logFile: (id: string) => string
    /** Sets all names that workloads can resolve. */
    readonly setNames: (names: ReadonlyMap<string, ReadonlyArray<string>>) => Effect.Effect<void, WorkloadFailed>
    /** Removes every trace of containers and groups that are not named. */
    readonly keepOnly: (keep: {
      readonly containers: ReadonlySet<string>
      readonly groups: ReadonlySet<string>
    }) => Effect.Effect<void, WorkloadFailed>
    /** Ends every workload and gives the machine back as it was; nothing can be started afterwards. */
    readonly dismantle: Effect.Effect<void, WorkloadFailed>
  }
>()("@sockerless/simulator-kit/WorkloadHost") {
  /** Workloads on this machine; needs root and what the OCI runtime needs. */
  static readonly linux = (simulation: Simulation, options: HostOptions) =>
    Layer.effect(WorkloadHost, makeHost(simulation, options))

  /** A place where nothing can run; every workload fails to start with this reason. */
  static readonly none = (reason: string): Layer.Layer<WorkloadHost> =>
    Layer.sync(WorkloadHost, () => {
      const refuse = Effect.fail(new WorkloadFailed({ stage: "machine", reason }))
      return WorkloadHost.of({
        gateway: undefined,
        subnet: "172.31.0.0/16",
        join: () => refuse,
        leave: () => Effect.void,
        pull: () => refuse,
        start: () => refuse,
        observe: () => "Gone",
        settle: () => Effect.succeed<WorkloadNow>("Gone"),
        exit: () => Effect.never,
        signal: () => Effect.void,
        freeze: () => refuse,
        thaw: () => refuse,
        remove: () => Effect.void,
        logFile: () => "",
        setNames: () => Effect.void,
        keepOnly: () => Effect.void,
        dismantle: Effect.void
      })
    })
}

interface Parts {
  readonly options: HostOptions
  readonly folders: RuntimeFolders
  readonly tools: Tools
  readonly images: ImageStore["Service"]
  readonly network: GroupNetwork
  readonly exits: Exits
  readonly cgroupParent: string
}

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, WorkloadFailed> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new WorkloadFailed({ stage: "start", reason: cause instanceof Error ? cause.message : String(cause) })
  })

const cgroupOf = (host: Parts, id: string): string => `${host.cgroupParent}/${id}`

const CGROUPS = "/sys/fs/cgroup"

/** Removes the empty folder of our workloads in every hierarchy there is. */
const removeCgroupParents = (parent: string): Effect.Effect<void, WorkloadFailed> =>
  attempt(async () => {
    const hierarchies = (await readdir(CGROUPS, { withFileTypes: true })).filter((entry) => entry.isDirectory())
    for (const folder of [CGROUPS, ...hierarchies.map((entry) => join(CGROUPS, entry.name))]) {
      await rmdir(join(folder, parent)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT" && error.code !== "EROFS") throw error
      })
    }
  })

const pullImage = (host: Parts) =>
  Effect.fnUntraced(function* (reference: string, auth?: RegistryAuth): Effect.fn.Return<ImageRecord, WorkloadFailed> {
    const messages = yield* host.images
      .pull(reference, { platform: undefined, auth })
      .pipe(Effect.mapError(atStage("image")))
    const last = yield* Stream.runLast(Stream.filter(messages, (message) => message.error !== undefined))
    if (last._tag === "Some")
      return yield* new WorkloadFailed({ stage: "image", reason: last.value.error ?? "the pull failed" })
    return yield* host.images.resolve(reference).pipe(Effect.mapError(atStage("image")))
  })

const startContainer = (host: Parts) =>
  Effect.fnUntraced(function* (request: WorkloadRequest): Effect.fn.Return<void, WorkloadFailed> {
    const group = yield* host.network.join(request.group)
    const files = filesOf(host.options.dataRoot, request.id)
    const emptyFolder = join(host.options.dataRoot, "containers", "empty")
    yield* attempt(() => mkdir(emptyFolder, { recursive: true }))
    yield* attempt(() => writeFiles(files, request.hostname, group.ip))
    yield* attempt(() => mkdir(join(host.folders.bundles, request.id), { recursive: true, mode: 0o711 }))
    const layerFolders = yield* host.images.layerFolders(request.image.id).pipe(Effect.mapError(atStage("image")))
    const spec = specOf(request, {
      files,
      layerFolders,
      emptyFolder,
      namespacePath: host.network.pathOf(request.group) ?? "",
      cgroupPath: cgroupOf(host, request.id),
      initPath: host.tools.initPath
    })
    yield* launch(host.tools, host.folders, spec, files.log).pipe(Effect.mapError(atStage("start")))
  })

const runningOf = (host: Parts, id: string) => {
  const now = observe(host.folders, id, cgroupOf(host, id))
  return now._tag === "Running" ? now.running : undefined
}

/** The monitor of an ended process needs a moment to write how it ended. */
const WRITE_TRIES = 2000

const settleContainer = (host: Parts) => (id: string) =>
  Effect.gen(function* () {
    const bundle = bundleOf(host.folders, id)
    const never: WorkloadNow = "Gone"
    if (!existsSync(bundle.folder)) return never
    for (let tries = 0; tries < WRITE_TRIES; tries++) {
      const now = observe(host.folders, id, cgroupOf(host, id))
      if (now._tag === "Running" || now._tag === "Exited") return now._tag
      const isBeingWritten =
        now._tag === "Gone" &&
        recordedPid(bundle.pidFile) > 0 &&
        isMonitorOf(recordedPid(bundle.monitorPidFile), bundle.folder)
      if (!isBeingWritten) break
      yield* Effect.sleep("5 millis")
    }
    yield* Effect.sync(() => killStarters(bundle.folder))
    return never
  })

const removeContainer = (host: Parts) => (id: string) =>
  Effect.gen(function* () {
    yield* remove(host.tools, host.folders, id, cgroupOf(host, id)).pipe(Effect.mapError(atStage("control")))
    yield* attempt(() => rm(filesOf(host.options.dataRoot, id).folder, { recursive: true, force: true }))
  })

const makeHost = Effect.fnUntraced(function* (simulation: Simulation, options: HostOptions) {
  const folders = {
    bundles: join(options.execRoot, "bundles"),
    exits: join(options.execRoot, "exits"),
    execs: join(options.execRoot, "execs"),
    runtimeState: join(options.execRoot, "runtime")
  }
  for (const folder of Object.values(folders)) yield* attempt(() => mkdir(folder, { recursive: true, mode: 0o711 }))
  const host: Parts = {
    options,
    folders,
    tools: yield* detectTools.pipe(Effect.mapError(atStage("machine"))),
    images: yield* ImageStore,
    network: yield* makeGroupNetwork(simulation, options.instance),
    exits: yield* makeExits(folders),
    cgroupParent: `/cloudsim-${options.instance}`
  }
  const { network } = host
  const control = Effect.mapError(atStage("control"))
  const keepOnly: WorkloadHost["Service"]["keepOnly"] = (keep) =>
    Effect.gen(function* () {
      yield* sweep(host.tools, folders, host.cgroupParent, keep.containers).pipe(control)
      for (const group of network.known()) if (!keep.groups.has(group)) yield* network.leave(group)
    })
  return WorkloadHost.of({
    gateway: network.gateway,
    subnet: network.subnet,
    join: network.join,
    leave: network.leave,
    setNames: network.setNames,
    pull: pullImage(host),
    start: startContainer(host),
    observe: (id) => {
      const now = observe(folders, id, cgroupOf(host, id))
      return now._tag === "HalfStarted" ? "Gone" : now._tag
    },
    settle: settleContainer(host),
    exit: (id) => host.exits.of(id, cgroupOf(host, id)),
    signal: (id, number) =>
      Effect.suspend(() => {
        const running = runningOf(host, id)
        return running === undefined ? Effect.void : Effect.asVoid(signal(running, number)).pipe(control)
      }),
    freeze: (id) => pause(host.tools, cgroupOf(host, id)).pipe(control),
    thaw: (id) => resume(host.tools, cgroupOf(host, id)).pipe(control),
    remove: removeContainer(host),
    logFile: (id) => filesOf(options.dataRoot, id).log,
    keepOnly,
    dismantle: Effect.andThen(keepOnly({ containers: new Set(), groups: new Set() }), network.dismantle).pipe(
      Effect.andThen(removeCgroupParents(host.cgroupParent))
    )
  })
})

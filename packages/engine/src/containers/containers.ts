import type { Fault } from "@sockerless/faults"
import { Context, type Effect, type Stream } from "effect"
import type { Readable } from "node:stream"
import type { AttachSession, LogOptions, PathChange, PathStat, StatsSample } from "../backend.ts"
import type { Filters } from "../filters.ts"
import type { ResourceLimits, RestartPolicy, TerminalSize, WorkloadSpec } from "../workload.ts"
import type { ContainerSnapshot, JsonObject } from "./snapshot.ts"

/**
 * Docker's verbs on containers. `ref` is an id, a name (with or without slash) or a unique id prefix. Every failure is
 * a fault with Docker's text. Changes are durable before they return.
 */
export class Containers extends Context.Service<
  Containers,
  {
    readonly create: (
      request: CreateContainer
    ) => Effect.Effect<{ readonly id: string; readonly warnings: ReadonlyArray<string> }, Fault>
    readonly start: (ref: string) => Effect.Effect<void, Fault>
    readonly stop: (
      ref: string,
      options: { readonly timeoutSeconds?: number; readonly signal?: string }
    ) => Effect.Effect<void, Fault>
    readonly restart: (
      ref: string,
      options: { readonly timeoutSeconds?: number; readonly signal?: string }
    ) => Effect.Effect<void, Fault>
    /** `signal` as given: `9`, `KILL`, `SIGKILL`; empty for SIGKILL. */
    readonly kill: (ref: string, signal: string) => Effect.Effect<void, Fault>
    readonly pause: (ref: string) => Effect.Effect<void, Fault>
    readonly unpause: (ref: string) => Effect.Effect<void, Fault>
    readonly rename: (ref: string, name: string) => Effect.Effect<void, Fault>
    readonly update: (
      ref: string,
      change: UpdateContainer
    ) => Effect.Effect<{ readonly warnings: ReadonlyArray<string> }, Fault>
    readonly remove: (
      ref: string,
      options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean }
    ) => Effect.Effect<void, Fault>
    readonly prune: (
      filters: Filters
    ) => Effect.Effect<{ readonly deleted: ReadonlyArray<string>; readonly reclaimedBytes: number }, Fault>
    /** Registers the waiter at once; the inner effect yields the result. Answers from the tombstone of a removed one. */
    readonly wait: (ref: string, condition: WaitCondition) => Effect.Effect<Effect.Effect<WaitResult>, Fault>
    readonly inspect: (ref: string) => Effect.Effect<ContainerSnapshot, Fault>
    readonly size: (ref: string) => Effect.Effect<{ readonly rwBytes: number; readonly rootBytes: number }, Fault>
    /** Newest first. Filters as Docker reads them; without `all` only running ones unless a filter says otherwise. */
    readonly list: (options: {
      readonly all: boolean
      readonly limit: number
      readonly filters: Filters
    }) => Effect.Effect<ReadonlyArray<ContainerSnapshot>, Fault>
    readonly logs: (
      ref: string,
      options: Omit<LogOptions, "tty" | "detailsPrefix"> & { readonly details: boolean }
    ) => Effect.Effect<{ readonly output: Readable; readonly tty: boolean }, Fault>
    /** `detachKeys` as given by the client; undefined uses the default. The session's output ends on detach. */
    readonly attach: (
      ref: string,
      options: AttachRequest
    ) => Effect.Effect<AttachSession & { readonly tty: boolean }, Fault>
    readonly resize: (ref: string, size: TerminalSize) => Effect.Effect<void, Fault>
    readonly top: (
      ref: string,
      psArgs: string
    ) => Effect.Effect<
      { readonly titles: ReadonlyArray<string>; readonly processes: ReadonlyArray<ReadonlyArray<string>> },
      Fault
    >
    /** One sample; undefined for a container that is not running (Docker then sends zeros). */
    readonly stats: (
      ref: string
    ) => Effect.Effect<{ readonly container: ContainerSnapshot; readonly sample: StatsSample | undefined }, Fault>
    readonly archiveStat: (ref: string, path: string) => Effect.Effect<PathStat, Fault>
    readonly archivePack: (
      ref: string,
      path: string
    ) => Effect.Effect<{ readonly stat: PathStat; readonly tar: Readable }, Fault>
    readonly archiveUnpack: (
      ref: string,
      path: string,
      tar: Readable,
      options: { readonly noOverwriteDirNonDir: boolean; readonly copyUIDGID: boolean }
    ) => Effect.Effect<void, Fault>
    readonly exportRoot: (ref: string) => Effect.Effect<Readable, Fault>
    /** `docker diff`. */
    readonly diff: (ref: string) => Effect.Effect<ReadonlyArray<PathChange>, Fault>
    /** `docker commit`: the container's changes on top of its image become a new image; returns its id. */
    readonly commit: (ref: string, request: CommitContainer) => Effect.Effect<string, Fault>
    /** Every change of every container, for caches and tests. */
    readonly changes: Stream.Stream<ContainerSnapshot>
  }
>()("@sockerless/engine/Containers") {}

/**
 * A create request after decoding: `spec` holds what the client asked for; the engine fills in what comes from the
 * image (command, environment, user, volumes, ports, health check, stop signal) and from names (networks, volumes,
 * `container:` modes), then checks it with the backend.
 */
export interface CreateContainer {
  /** Undefined: a name is generated. Validated by the engine. */
  readonly name: string | undefined
  readonly image: string
  readonly platform: string | undefined
  readonly requested: RequestedWorkload
  readonly echo: { readonly config: JsonObject; readonly hostConfig: JsonObject; readonly networkingConfig: JsonObject }
}

/** `undefined` everywhere means "not given", so that the image's value applies. */
export interface RequestedWorkload {
  readonly entrypoint: ReadonlyArray<string> | undefined
  readonly command: ReadonlyArray<string> | undefined
  readonly env: ReadonlyArray<string>
  readonly workingDir: string
  readonly user: string
  readonly labels: Readonly<Record<string, string>>
  readonly stopSignal: string
  readonly stopTimeoutSeconds: number | undefined
  readonly healthcheck: Partial<WorkloadSpec["healthcheck"] & object> | undefined
  readonly exposedPorts: ReadonlyArray<string>
  /** Destinations of anonymous volumes (`Config.Volumes`). */
  readonly anonymousVolumes: ReadonlyArray<string>
  /** `HostConfig.Binds` as given. */
  readonly binds: ReadonlyArray<string>
  /** `HostConfig.Mounts`, already in our words. */
  readonly mounts: WorkloadSpec["mounts"]
  readonly tmpfs: Readonly<Record<string, string>>
  /** `HostConfig.VolumesFrom`: `container[:ro|rw]`. */
  readonly volumesFrom: ReadonlyArray<string>
  /** Empty or `default` for the default network. */
  readonly networkMode: string
  /** Endpoints by network name or id as given. */
  readonly endpoints: Readonly<
    Record<string, Omit<WorkloadSpec["network"]["endpoints"][string], "networkId" | "networkName">>
  >
  readonly portBindings: WorkloadSpec["network"]["portBindings"]
  readonly publishAll: boolean
  readonly dns: ReadonlyArray<string>
  readonly dnsSearch: ReadonlyArray<string>
  readonly dnsOptions: ReadonlyArray<string>
  readonly extraHosts: ReadonlyArray<string>
  readonly hostname: string
  readonly domainname: string
  readonly process: Pick<WorkloadSpec["process"], "groupAdd" | "tty" | "openStdin" | "stdinOnce" | "consoleSize">
  readonly restart: RestartPolicy
  readonly autoRemove: boolean
  readonly isolation: WorkloadSpec["isolation"]
  readonly resources: ResourceLimits
  readonly logging: WorkloadSpec["logging"]
  /** Empty for the default backend. */
  readonly runtime: string
}

export interface CommitContainer {
  /** Empty for an image without a name. */
  readonly repository: string
  readonly tag: string
  readonly comment: string
  readonly author: string
  /** Freezes the container meanwhile, so that its files are of one moment. */
  readonly pause: boolean
  /** Dockerfile instructions applied to `config`. */
  readonly changes: ReadonlyArray<string>
  /** Docker's `Config` of the new image. */
  readonly config: JsonObject
}

export interface UpdateContainer {
  readonly resources: ResourceLimits
  readonly restart: RestartPolicy | undefined
  /** The same change in Docker's words, merged into the stored `HostConfig`. */
  readonly echo: JsonObject
}

export type WaitCondition = "not-running" | "next-exit" | "removed"

export interface WaitResult {
  readonly exitCode: number
  /** Set when the wait itself failed; the CLI then exits 125. */
  readonly error: string | undefined
}

export interface AttachRequest {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  /** Replay the log first (`logs=1`). */
  readonly logs: boolean
  /** Follow live output (`stream=1`). */
  readonly stream: boolean
  readonly detachKeys: string | undefined
}

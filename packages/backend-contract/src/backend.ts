import type { Fault } from "@sockerless/faults"
import type { JsonValue } from "@sockerless/store"
import type { Effect, Stream } from "effect"
import type { Readable, Writable } from "node:stream"
import type { EndpointSpec, ResourceLimits, TerminalSize, WorkloadSpec } from "./workload.ts"

/**
 * A place where workloads run. One implementation per place; all pass `@sockerless/backend-contract`.
 *
 * Invariants every backend keeps:
 * - the same intent id never makes two workloads: `create` and `start` repeated with it adopt what exists;
 * - absent is success for `signal` on an ended workload's release, `stop`, `remove`;
 * - a workload, its output and its exit code outlive this process; `adopt` finds them again;
 * - what cannot be honoured is refused by `check` with a fault naming the backend, the option and the way out.
 */
export interface BackendShape {
  /** The name users give to `--runtime`. */
  readonly name: string
  readonly features: ReadonlySet<Feature>
  readonly about: Effect.Effect<BackendFacts, Fault>

  /** Refuses what this place cannot honour, before anything exists. Returns warnings for the create reply. Pure. */
  readonly check: (spec: WorkloadSpec) => Effect.Effect<ReadonlyArray<string>, Fault>
  /** Prepares the workload so that archive works before `start`. Idempotent per intent. May wait for image layers. */
  readonly create: (launch: Launch, intent: Intent) => Effect.Effect<Handle, Fault>
  /**
   * Starts it and returns when its process runs, its addresses are assigned and its ports are bound. Idempotent per
   * intent. A fault with `exitCode` is Docker's "cannot start" (126, 127, 128); nothing is left running after a fault.
   */
  readonly start: (launch: Launch, handle: Handle, intent: Intent) => Effect.Effect<Started, StartFault>
  /** The truth as the place sees it now; called once per workload by recovery, also after an unfinished `start`. */
  readonly adopt: (launch: Launch, handle: Handle | undefined) => Effect.Effect<Observation, Fault>
  /** Every end of a workload started or adopted here, once each, in order of discovery. Never fails, never ends. */
  readonly exits: Stream.Stream<ExitReport>

  /** Sends a signal number to the main process. Fault `conflict` when it is not running. */
  readonly signal: (handle: Handle, signal: number) => Effect.Effect<void, Fault>
  readonly pause: (handle: Handle) => Effect.Effect<void, Fault>
  readonly resume: (handle: Handle) => Effect.Effect<void, Fault>
  readonly update: (handle: Handle, resources: ResourceLimits) => Effect.Effect<void, Fault>
  /** Removes the workload and all it owns except named volumes. Idempotent; kills what still runs. */
  readonly remove: (id: string, handle: Handle | undefined) => Effect.Effect<void, Fault>

  /** Output already framed: Docker's stdcopy frames, or raw bytes when the process has a terminal. */
  readonly logs: (handle: Handle, options: LogOptions) => Effect.Effect<Readable, Fault>
  /** Live output from this moment (or from the next start) and a way in. Legal before `start`. */
  readonly attach: (handle: Handle, options: AttachOptions) => Effect.Effect<AttachSession, Fault>
  readonly resize: (handle: Handle, size: TerminalSize) => Effect.Effect<void, Fault>
  /** Starts a process in a running workload. The session lives until the process ends, whoever reads it. */
  readonly exec: (launch: Launch, handle: Handle, exec: ExecSpec) => Effect.Effect<ExecSession, Fault>

  readonly archive: {
    readonly stat: (launch: Launch, handle: Handle, path: string) => Effect.Effect<PathStat, Fault>
    readonly pack: (
      launch: Launch,
      handle: Handle,
      path: string
    ) => Effect.Effect<{ readonly stat: PathStat; readonly tar: Readable }, Fault>
    readonly unpack: (
      launch: Launch,
      handle: Handle,
      path: string,
      tar: Readable,
      options: { readonly noOverwriteDirNonDir: boolean; readonly copyUIDGID: boolean }
    ) => Effect.Effect<void, Fault>
    /** The whole root file system as one tar. */
    readonly exportRoot: (launch: Launch, handle: Handle) => Effect.Effect<Readable, Fault>
    /** What the container's root differs in from its image, parents before children; mounts are left out. */
    readonly changes: (launch: Launch, handle: Handle) => Effect.Effect<ReadonlyArray<PathChange>, Fault>
    /** The same as the tar of an image layer, uncompressed. */
    readonly packChanges: (launch: Launch, handle: Handle) => Effect.Effect<Readable, Fault>
  }

  readonly stats: (handle: Handle) => Effect.Effect<StatsSample, Fault>
  readonly top: (
    handle: Handle,
    psArgs: string
  ) => Effect.Effect<
    { readonly titles: ReadonlyArray<string>; readonly processes: ReadonlyArray<ReadonlyArray<string>> },
    Fault
  >
  /** Bytes written by the container (`rw`) and bytes of its whole root file system. */
  readonly size: (handle: Handle) => Effect.Effect<{ readonly rwBytes: number; readonly rootBytes: number }, Fault>

  readonly networks: {
    /** Fills in what the request left open (subnet, gateway) and makes the network. Idempotent per id. */
    readonly create: (network: NetworkSpec) => Effect.Effect<NetworkSpec, Fault>
    readonly remove: (id: string) => Effect.Effect<void, Fault>
    readonly connect: (
      launch: Launch,
      handle: Handle,
      endpoint: EndpointSpec
    ) => Effect.Effect<{ readonly handle: Handle; readonly facts: EndpointFacts }, Fault>
    readonly disconnect: (launch: Launch, handle: Handle, networkId: string) => Effect.Effect<Handle, Fault>
  }
  readonly volumes: {
    /** Makes the volume and returns where it lives. Idempotent per name. */
    readonly create: (
      name: string,
      options: Readonly<Record<string, string>>
    ) => Effect.Effect<{ readonly mountpoint: string }, Fault>
    readonly remove: (name: string) => Effect.Effect<void, Fault>
    readonly usage: (name: string) => Effect.Effect<{ readonly bytes: number }, Fault>
  }

  /**
   * Makes the place equal to `known` once, before the first `adopt`: shared parts (networks) are brought back, and
   * everything of ours that `known` does not name is removed. Returns what was done, for the recovery report.
   */
  readonly recover: (known: Known) => Effect.Effect<{ readonly removed: ReadonlyArray<string> }, Fault>
}

export type Feature =
  | "exec"
  | "attach"
  | "archive"
  | "stats"
  | "top"
  | "pause"
  | "update"
  | "published-ports"
  | "user-networks"
  | "named-volumes"
  | "bind-mounts"

/** Identifies one attempt to change the place; the same id means the same attempt after a crash. */
export interface Intent {
  readonly id: string
}

/** What a backend must remember about a workload. Opaque to the engine, versioned by the backend, stored by us. */
export interface Handle {
  readonly backend: string
  readonly version: number
  readonly state: JsonValue
}

/** A workload with everything it refers to, resolved by the engine. */
export interface Launch {
  readonly spec: WorkloadSpec
  readonly networks: ReadonlyArray<NetworkSpec>
  /** Handles of the containers named by `container:<id>` modes, keyed by that id. */
  readonly joined: Readonly<Record<string, { readonly handle: Handle; readonly spec: WorkloadSpec }>>
  /** Where each named or anonymous volume lives. */
  readonly volumeMountpoints: Readonly<Record<string, string>>
}

export interface Started {
  readonly handle: Handle
  readonly pid: number
  /** RFC 3339 with nanoseconds, UTC. */
  readonly startedAt: string
  readonly endpoints: Readonly<Record<string, EndpointFacts>>
  readonly ports: ReadonlyArray<PublishedPort>
}

export interface StartFault extends Fault {
  readonly exitCode?: number
}

/** One end of a workload. `startId` tells which start it belongs to, so a late report never ends a newer run. */
export interface ExitReport {
  readonly id: string
  readonly pid: number
  readonly exitCode: number
  readonly oomKilled: boolean
  readonly finishedAt: string
}

export type Observation =
  | { readonly _tag: "Created"; readonly handle: Handle }
  | { readonly _tag: "Running"; readonly started: Started; readonly paused: boolean }
  | { readonly _tag: "Exited"; readonly handle: Handle; readonly exit: ExitReport }
  /** The workload was there and its end left no trace (power cut, reboot). */
  | { readonly _tag: "Lost"; readonly handle: Handle }
  | { readonly _tag: "Absent" }

export interface EndpointFacts {
  readonly endpointId: string
  readonly ipAddress: string
  readonly prefixLength: number
  readonly gateway: string
  readonly macAddress: string
  readonly ipv6Address: string
  readonly ipv6PrefixLength: number
  readonly ipv6Gateway: string
  readonly dnsNames: ReadonlyArray<string>
}

export interface PublishedPort {
  readonly containerPort: number
  readonly protocol: string
  readonly hostIp: string
  readonly hostPort: number
}

export interface NetworkSpec {
  readonly id: string
  readonly name: string
  /** `bridge`, `host` or `null`. */
  readonly driver: string
  readonly internal: boolean
  readonly attachable: boolean
  readonly enableIPv6: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
  readonly ipam: {
    readonly driver: string
    readonly options: Readonly<Record<string, string>>
    readonly pools: ReadonlyArray<{
      readonly subnet: string
      readonly ipRange?: string
      readonly gateway?: string
      readonly auxiliaryAddresses?: Readonly<Record<string, string>>
    }>
  }
  readonly createdAt: string
}

export interface LogOptions {
  readonly follow: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly timestamps: boolean
  /** Number of last lines, absent for all. */
  readonly tail?: number
  /** Nanoseconds since the epoch. */
  readonly since?: bigint
  readonly until?: bigint
  /** Put before each line as it is, after the timestamp, for `details=1`; empty for none. */
  readonly detailsPrefix: string
  readonly tty: boolean
}

export interface AttachOptions {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  /** Replay what was written so far first. */
  readonly replay: boolean
  readonly tty: boolean
  /** Ending this client's input is the process's EOF; otherwise its stdin stays open for the next client. */
  readonly stdinOnce: boolean
}

export interface AttachSession {
  /** Ends when the workload has ended and all its output was delivered. Destroying it detaches. */
  readonly output: Readable
  /** Present when stdin was asked for and the workload keeps stdin open. Ending it is stdin's EOF where that exists. */
  readonly input: Writable | undefined
}

export interface ExecSpec {
  readonly id: string
  readonly argv: ReadonlyArray<string>
  readonly env: ReadonlyArray<string>
  readonly workingDir: string
  readonly user: string
  readonly privileged: boolean
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly consoleSize?: TerminalSize
}

export interface ExecSession {
  readonly pid: number
  /** stdcopy frames, raw with a terminal. Ends after the exit code is known. */
  readonly output: Readable
  readonly input: Writable | undefined
  readonly resize: (size: TerminalSize) => Effect.Effect<void, Fault>
  readonly exit: Effect.Effect<number>
  /** Why the process never ran, in Docker's words; its output tells the same. */
  readonly failure?: string
}

export interface PathStat {
  readonly name: string
  readonly size: number
  /** Go's `os.FileMode` bits. */
  readonly mode: number
  readonly mtime: string
  readonly linkTarget: string
}

/** One line of `docker diff`. */
export interface PathChange {
  readonly path: string
  readonly kind: "modified" | "added" | "deleted"
}

/** Raw counters at one moment; the wire computes nothing but the two-sample form. */
export interface StatsSample {
  readonly readAt: string
  readonly cpu: {
    readonly totalNanos: number
    readonly perCpuNanos: ReadonlyArray<number>
    readonly kernelNanos: number
    readonly userNanos: number
    readonly systemNanos: number
    readonly onlineCpus: number
    readonly periods: number
    readonly throttledPeriods: number
    readonly throttledNanos: number
  }
  readonly memory: {
    readonly usageBytes: number
    readonly maxUsageBytes: number
    readonly limitBytes: number
    readonly failures: number
    readonly stats: Readonly<Record<string, number>>
  }
  readonly pids: { readonly current: number; readonly limit?: number }
  readonly blkio: ReadonlyArray<{
    readonly kind: "service-bytes" | "serviced"
    readonly major: number
    readonly minor: number
    readonly operation: string
    readonly value: number
  }>
  readonly networks: Readonly<
    Record<
      string,
      {
        readonly rxBytes: number
        readonly rxPackets: number
        readonly rxErrors: number
        readonly rxDropped: number
        readonly txBytes: number
        readonly txPackets: number
        readonly txErrors: number
        readonly txDropped: number
      }
    >
  >
}

/** What `docker info` and `version` say of a place. */
export interface BackendFacts {
  readonly description: string
  readonly storageDriver: string
  readonly storageStatus: ReadonlyArray<readonly [string, string]>
  readonly cgroupDriver: string
  readonly cgroupVersion: string
  readonly securityOptions: ReadonlyArray<string>
  readonly runtimePath: string
  readonly runtimeVersion: string
  readonly warnings: ReadonlyArray<string>
}

export interface Known {
  readonly workloads: ReadonlyArray<{ readonly launch: Launch; readonly handle: Handle | undefined }>
  readonly networks: ReadonlyArray<NetworkSpec>
  readonly volumes: ReadonlyArray<string>
}

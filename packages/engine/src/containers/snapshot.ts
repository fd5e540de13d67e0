import type { JsonValue } from "@sockerless/store"
import type { EndpointFacts, PublishedPort } from "../backend.ts"
import type { WorkloadSpec } from "../workload.ts"

export type Status = "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead"

export type JsonObject = { readonly [key: string]: JsonValue }

/** One container at one moment. Immutable: every change makes a new object, so identity is a cache key. */
export interface ContainerSnapshot {
  readonly spec: WorkloadSpec
  /** Docker's `Config` and `HostConfig` as the wire normalised them at create, kept for inspect. */
  readonly echo: { readonly config: JsonObject; readonly hostConfig: JsonObject; readonly networkingConfig: JsonObject }
  /** RFC 3339 with nanoseconds, UTC, as all times here; `0001-01-01T00:00:00Z` is "never". */
  readonly createdAt: string
  readonly state: ContainerState
  readonly restartCount: number
  /** Set by `stop` and `kill`, cleared by `start`: an `unless-stopped` or `always` policy does not restart it now. */
  readonly stoppedByUser: boolean
  readonly mounts: ReadonlyArray<MountPoint>
  /** Facts of the endpoints while running, keyed by network id. */
  readonly endpoints: Readonly<Record<string, EndpointFacts>>
  readonly ports: ReadonlyArray<PublishedPort>
  readonly execIds: ReadonlyArray<string>
  readonly logPath: string
}

export interface ContainerState {
  readonly status: Status
  readonly pid: number
  readonly exitCode: number
  readonly oomKilled: boolean
  readonly error: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly health?: HealthState
}

export interface HealthState {
  readonly status: "starting" | "healthy" | "unhealthy" | "none"
  readonly failingStreak: number
  /** The last five probes. */
  readonly log: ReadonlyArray<{
    readonly start: string
    readonly end: string
    readonly exitCode: number
    readonly output: string
  }>
}

export interface MountPoint {
  readonly type: "bind" | "volume" | "tmpfs"
  readonly name?: string
  readonly source: string
  readonly destination: string
  readonly driver?: string
  readonly mode: string
  readonly rw: boolean
  readonly propagation: string
}

import type { Fault } from "@sockerless/faults"
import { Context, type Effect } from "effect"
import type { BackendFacts } from "../backend.ts"

/** What `info`, `version` and `df` are made of. */
export class System extends Context.Service<
  System,
  {
    readonly facts: Effect.Effect<SystemFacts, Fault>
    readonly usage: Effect.Effect<DiskUsage, Fault>
    /** False until recovery is done: reads work, changes answer 503 with Retry-After. */
    readonly ready: Effect.Effect<boolean>
  }
>()("@sockerless/engine/System") {}

export interface SystemFacts {
  /** Made once and kept in the state directory. */
  readonly instanceId: string
  readonly name: string
  readonly dataRoot: string
  readonly containers: {
    readonly total: number
    readonly running: number
    readonly paused: number
    readonly stopped: number
  }
  readonly images: number
  readonly backends: ReadonlyMap<string, BackendFacts>
  readonly defaultBackend: string
  readonly kernelVersion: string
  readonly operatingSystem: string
  readonly memoryBytes: number
  readonly cpus: number
  /** RFC 3339 with nanoseconds. */
  readonly now: string
  readonly warnings: ReadonlyArray<string>
}

export interface DiskUsage {
  readonly layersBytes: number
  readonly containers: ReadonlyArray<{ readonly id: string; readonly rwBytes: number; readonly rootBytes: number }>
  readonly volumes: ReadonlyArray<{ readonly name: string; readonly bytes: number; readonly references: number }>
}

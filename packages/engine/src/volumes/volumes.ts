import type { Fault } from "@sockerless/faults"
import { Context, type Effect } from "effect"
import type { Filters } from "../filters.ts"

/** Docker's verbs on volumes. */
export class Volumes extends Context.Service<
  Volumes,
  {
    /** Idempotent for the same driver and options; an empty name makes an anonymous volume. */
    readonly create: (request: CreateVolume) => Effect.Effect<VolumeSnapshot, Fault>
    readonly inspect: (name: string) => Effect.Effect<VolumeSnapshot, Fault>
    readonly list: (filters: Filters) => Effect.Effect<ReadonlyArray<VolumeSnapshot>, Fault>
    readonly remove: (name: string, options: { readonly force: boolean }) => Effect.Effect<void, Fault>
    /** Only anonymous ones unless the filter `all=true` is given. */
    readonly prune: (
      filters: Filters
    ) => Effect.Effect<{ readonly deleted: ReadonlyArray<string>; readonly reclaimedBytes: number }, Fault>
  }
>()("@sockerless/engine/Volumes") {}

export interface CreateVolume {
  readonly name: string
  readonly driver: string
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
}

export interface VolumeSnapshot {
  readonly name: string
  readonly driver: string
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
  readonly mountpoint: string
  readonly anonymous: boolean
  readonly createdAt: string
  /** Ids of containers that use it, running or not. */
  readonly usedBy: ReadonlyArray<string>
}

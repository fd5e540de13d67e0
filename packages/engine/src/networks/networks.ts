import type { Fault } from "@sockerless/faults"
import { Context, type Effect } from "effect"
import type { EndpointFacts, NetworkSpec } from "../backend.ts"
import type { Filters } from "../filters.ts"
import type { EndpointSpec } from "../workload.ts"

/** Docker's verbs on networks. `bridge`, `host` and `none` always exist. */
export class Networks extends Context.Service<
  Networks,
  {
    readonly create: (request: CreateNetwork) => Effect.Effect<{ readonly id: string; readonly warning: string }, Fault>
    readonly inspect: (ref: string) => Effect.Effect<NetworkSnapshot, Fault>
    readonly list: (filters: Filters) => Effect.Effect<ReadonlyArray<NetworkSnapshot>, Fault>
    readonly remove: (ref: string) => Effect.Effect<void, Fault>
    readonly connect: (
      ref: string,
      containerRef: string,
      endpoint: Omit<EndpointSpec, "networkId" | "networkName">
    ) => Effect.Effect<void, Fault>
    readonly disconnect: (
      ref: string,
      containerRef: string,
      options: { readonly force: boolean }
    ) => Effect.Effect<void, Fault>
    readonly prune: (filters: Filters) => Effect.Effect<{ readonly deleted: ReadonlyArray<string> }, Fault>
  }
>()("@sockerless/engine/Networks") {}

export type CreateNetwork = Omit<NetworkSpec, "id" | "createdAt">

export interface NetworkSnapshot {
  readonly spec: NetworkSpec
  readonly scope: "local"
  /** Running containers on it, keyed by container id. */
  readonly containers: Readonly<Record<string, { readonly name: string; readonly facts: EndpointFacts }>>
}

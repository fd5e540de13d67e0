import type { Simulation, Table, WorkloadHost } from "@sockerless/simulator-kit"
import { Effect, Schema, type Scope } from "effect"
import { createHmac } from "node:crypto"
import type { Credentials } from "./sts/credentials.ts"

/** How long the steps of services take, in milliseconds of the simulator's clock. */
export interface Timing {
  readonly taskProvisioningMillis: number
  readonly taskPendingMillis: number
  readonly taskDeprovisioningMillis: number
  readonly functionPendingMillis: number
  readonly logIngestionMillis: number
  /** How long the Resource Groups Tagging API lags behind the services. */
  readonly taggingLagMillis: number
}

/** Everything at once: for tests that are about something else. */
export const instantTiming: Timing = {
  taskProvisioningMillis: 0,
  taskPendingMillis: 0,
  taskDeprovisioningMillis: 0,
  functionPendingMillis: 0,
  logIngestionMillis: 0,
  taggingLagMillis: 0
}

/** As slow as the services are said to be. */
export const realisticTiming: Timing = {
  taskProvisioningMillis: 8000,
  taskPendingMillis: 6000,
  taskDeprovisioningMillis: 5000,
  functionPendingMillis: 4000,
  logIngestionMillis: 3000,
  taggingLagMillis: 20_000
}

const TagRecord = Schema.Struct({ arn: Schema.String, tags: Schema.Record(Schema.String, Schema.String) })
export type TagRecord = typeof TagRecord.Type
export type TagMap = Readonly<Record<string, string>>

export interface WorldOptions {
  readonly account: string
  readonly region: string
  readonly dataRoot: string
  readonly timing: Timing
}

/** What the services of one simulated account share. */
export interface World extends WorldOptions {
  readonly simulation: Simulation
  readonly host: WorkloadHost["Service"]
  readonly credentials: Credentials
  /** Tags of every resource of every service, by ARN: one truth for the services and for the tagging API. */
  readonly tags: Table<TagRecord>
  readonly arn: (service: string, rest: string) => string
  /** `host:port` at which programs on this machine reach the simulator. */
  readonly endpoint: () => string
  /** The same as workloads see it. */
  readonly gateway: () => string | undefined
  /** A text that only this simulator can make, always the same for the same words. */
  readonly sign: (...words: ReadonlyArray<string>) => string
  /** Runs on after the request that began it. */
  readonly fork: (work: Effect.Effect<void>) => Effect.Effect<void>
}

/** ISO 8601 without fractions, as the XML services date things. */
export const isoSeconds = (millis: number): string => new Date(millis).toISOString().replace(/\.\d+Z$/, "Z")

/** Tags of a resource; none is an empty record. */
export const tagsOf = (world: Pick<World, "tags">, arn: string, asOf?: number): TagMap =>
  world.tags.get(arn, asOf)?.tags ?? {}

/** Adds to a resource's tags, or replaces values. */
export const addTags = (world: Pick<World, "tags">, arn: string, tags: TagMap): void => {
  if (Object.keys(tags).length === 0) return
  world.tags.put(arn, { arn, tags: { ...tagsOf(world, arn), ...tags } })
}

/** Takes tags away; the last one takes the record with it. */
export const dropTags = (world: Pick<World, "tags">, arn: string, keys?: ReadonlyArray<string>): void => {
  const left = Object.fromEntries(
    Object.entries(tagsOf(world, arn)).filter(([key]) => keys !== undefined && !keys.includes(key))
  )
  if (Object.keys(left).length === 0) world.tags.delete(arn)
  else world.tags.put(arn, { arn, tags: left })
}

/** A world on a simulation and a workload host. */
export const makeWorld = Effect.fnUntraced(function* (
  options: WorldOptions,
  parts: {
    readonly simulation: Simulation
    readonly host: WorkloadHost["Service"]
    readonly credentials: Credentials
    readonly secret: string
    readonly addresses: { endpoint: string; gateway: string | undefined }
  }
) {
  const scope: Scope.Scope = yield* Effect.scope
  const { simulation, host, credentials, secret, addresses } = parts
  const world: World = {
    ...options,
    simulation,
    host,
    credentials,
    tags: yield* simulation.book.table("tags", TagRecord),
    arn: (service, rest) => `arn:aws:${service}:${options.region}:${options.account}:${rest}`,
    endpoint: () => addresses.endpoint,
    gateway: () => addresses.gateway,
    sign: (...words) => createHmac("sha256", secret).update(words.join("\n")).digest("hex"),
    fork: (work) => Effect.asVoid(Effect.forkIn(work, scope))
  }
  return world
})

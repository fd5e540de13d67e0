import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { killpoint } from "@sockerless/killpoints"
import { type Effect, Option, Schema } from "effect"
import { attempt, type LocalFailed } from "./faults.ts"
import type { Paths } from "./paths.ts"

const EndpointRecord = Schema.Struct({
  networkId: Schema.String,
  endpointId: Schema.String,
  ifName: Schema.String,
  ip: Schema.String,
  prefix: Schema.Number,
  mac: Schema.String,
  /** Gateway of the network, whether or not it carries the default route. */
  gateway: Schema.String,
  /** Set where this endpoint carries the default route. */
  defaultGateway: Schema.optionalKey(Schema.String),
  /** Names by which neighbours find it: container name, short id, aliases. */
  names: Schema.Array(Schema.String),
  /** Name servers of `--dns`, asked for what no neighbour is called. */
  upstreams: Schema.Array(Schema.String)
})

/**
 * What a container was started with on this machine. Written into its bundle before anything is spawned, so that a
 * daemon that died in the middle of a start, or at any moment after it, finds addresses, ports and cgroup again.
 */
export const LaunchRecord = Schema.Struct({
  cgroupPath: Schema.String,
  /** Absent for host and joined networks. */
  netns: Schema.optionalKey(Schema.Struct({ name: Schema.String, path: Schema.String })),
  endpoints: Schema.Array(EndpointRecord),
  ports: Schema.Array(
    Schema.Struct({
      proto: Schema.Literals(["tcp", "udp"]),
      hostIp: Schema.String,
      hostPort: Schema.Number,
      containerIp: Schema.String,
      containerPort: Schema.Number
    })
  )
})

export type LaunchRecord = typeof LaunchRecord.Type
export type EndpointRecord = typeof EndpointRecord.Type

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(LaunchRecord))

/** Renamed into place: a crash in the middle leaves the old one, never a part of the new one. */
export const writeLaunchRecord = (paths: Paths, id: string, record: LaunchRecord): Effect.Effect<void, LocalFailed> =>
  attempt(`write the launch record of ${id}`, async () => {
    const draft = `${paths.launchRecord(id)}.new`
    writeFileSync(draft, JSON.stringify(record))
    killpoint("local.record.before-rename")
    renameSync(draft, paths.launchRecord(id))
    killpoint("local.record.after-rename")
  })

/** The record of the last start; undefined when there was none on this boot. */
export const readLaunchRecord = (paths: Paths, id: string): LaunchRecord | undefined => {
  let text: string
  try {
    text = readFileSync(paths.launchRecord(id), "utf8")
  } catch {
    // Never started on this boot.
    return undefined
  }
  return Option.getOrUndefined(decode(text))
}

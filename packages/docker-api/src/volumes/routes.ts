import { Volumes, type VolumeSnapshot } from "@sockerless/engine"
import { empty, json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { readFilters } from "../filters.ts"
import { truthy } from "../query.ts"
import { optionalJsonBody } from "../read-body.ts"
import { map, struct, text } from "../wire/go-json.ts"

const createRequest = struct({ Name: text, Driver: text, DriverOpts: map(text), Labels: map(text) })

const orNull = (map: Readonly<Record<string, string>>) => (Object.keys(map).length === 0 ? null : map)

/** One volume as Docker shows it; whole seconds, which is what cleaners parse. */
export const volumeJson = (volume: VolumeSnapshot): object => ({
  CreatedAt: volume.createdAt.replace(/\.\d+/, ""),
  Driver: volume.driver,
  Labels: orNull(volume.labels),
  Mountpoint: volume.mountpoint,
  Name: volume.name,
  Options: orNull(volume.options),
  Scope: "local"
})

const listVolumes = Effect.fnUntraced(function* (call: ApiCall) {
  const found = yield* (yield* Volumes).list(yield* readFilters(call.query))
  return json({ Volumes: found.map(volumeJson), Warnings: null })
})

const create = Effect.fnUntraced(function* (call: ApiCall) {
  const request = yield* optionalJsonBody(call.request, createRequest, "VolumeCreateRequest")
  const volume = yield* (yield* Volumes).create({
    name: request.Name,
    driver: request.Driver === "" ? "local" : request.Driver,
    labels: request.Labels ?? {},
    options: request.DriverOpts ?? {}
  })
  return json(volumeJson(volume), 201)
})

const inspect = Effect.fnUntraced(function* (call: ApiCall) {
  return json(volumeJson(yield* (yield* Volumes).inspect(call.param("name"))))
})

const remove = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Volumes).remove(call.param("name"), { force: truthy(call.query, "force") })
  return empty()
})

const prune = Effect.fnUntraced(function* (call: ApiCall) {
  const filters = yield* readFilters(call.query)
  // Before 1.42 a prune took named volumes too.
  const asked = call.facts.minor < 42 && !filters.has("all") ? new Map([...filters, ["all", ["true"]]]) : filters
  const pruned = yield* (yield* Volumes).prune(asked)
  return json({
    VolumesDeleted: pruned.deleted.length === 0 ? null : pruned.deleted,
    SpaceReclaimed: pruned.reclaimedBytes
  })
})

/** Volumes. */
export const volumeRoutes = (bridge: ApiBridge): void => {
  bridge.route("GET", "/volumes", listVolumes, "stop")
  bridge.route("POST", "/volumes/create", create)
  bridge.route("POST", "/volumes/prune", prune)
  bridge.route("GET", "/volumes/:name", inspect, "stop")
  bridge.route("DELETE", "/volumes/:name", remove)
}

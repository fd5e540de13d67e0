import { Containers, type DiskUsage, Images, System, Volumes } from "@sockerless/engine"
import { BadRequest, jsonText } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { makeSummaries } from "../containers/list.ts"
import { imageSummary } from "../images/image-json.ts"
import { volumeJson } from "../volumes/routes.ts"

const types = new Set(["container", "image", "volume", "build-cache"])

const imagesPart = Effect.fnUntraced(function* (used: DiskUsage, minor: number) {
  const images = yield* (yield* Images).list({ all: true, filters: new Map() })
  const rows = images.map((image) =>
    Object.assign(imageSummary(image, minor), { Containers: image.containers, SharedSize: 0 })
  )
  return `"LayersSize":${used.layersBytes},"Images":${JSON.stringify(rows)}`
})

const containersPart = Effect.fnUntraced(function* (
  used: DiskUsage,
  minor: number,
  summary: ReturnType<typeof makeSummaries>
) {
  const sizes = new Map(used.containers.map((size) => [size.id, size]))
  const found = yield* (yield* Containers).list({ all: true, limit: 0, filters: new Map() })
  const nowMillis = Date.now()
  const rows = found.map((snapshot) => {
    const size = sizes.get(snapshot.spec.id)
    return summary(snapshot, size === undefined ? { minor, nowMillis } : { minor, nowMillis, size })
  })
  return `"Containers":[${rows.join(",")}]`
})

const volumesPart = Effect.fnUntraced(function* (used: DiskUsage) {
  const sizes = new Map(used.volumes.map((volume) => [volume.name, volume]))
  const volumes = yield* (yield* Volumes).list(new Map())
  const rows = volumes.map((volume) => {
    const size = sizes.get(volume.name)
    return Object.assign(volumeJson(volume), {
      UsageData: { RefCount: size?.references ?? volume.usedBy.length, Size: size?.bytes ?? -1 }
    })
  })
  return `"Volumes":${JSON.stringify(rows)}`
})

/** `GET /system/df`. */
export const diskUsageRoute = (bridge: ApiBridge): void => {
  const summary = makeSummaries()
  const usage = Effect.fnUntraced(function* (call: ApiCall) {
    const asked = call.query.getAll("type")
    const unknown = asked.find((type) => !types.has(type))
    if (unknown !== undefined) return yield* new BadRequest({ message: `unknown object type: ${unknown}` })
    const wants = (type: string) => asked.length === 0 || asked.includes(type)
    const used = yield* (yield* System).usage
    const { minor } = call.facts
    const parts = [
      ...(wants("image") ? [yield* imagesPart(used, minor)] : []),
      ...(wants("container") ? [yield* containersPart(used, minor, summary)] : []),
      ...(wants("volume") ? [yield* volumesPart(used)] : []),
      ...(wants("build-cache") ? ['"BuildCache":[]'] : []),
      '"BuilderSize":0'
    ]
    return jsonText(`{${parts.join(",")}}`)
  })
  bridge.route("GET", "/system/df", usage, "stop")
}

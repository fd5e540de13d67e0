import { Containers, Images, System, Volumes } from "@sockerless/engine"
import { BadRequest, jsonText } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { makeSummaries } from "../containers/list.ts"
import { imageSummary } from "../images/image-json.ts"
import { volumeJson } from "../volumes/routes.ts"

const types = ["container", "image", "volume", "build-cache"]

/** `GET /system/df`. */
export const diskUsageRoute = (bridge: ApiBridge): void => {
  const summary = makeSummaries()
  const usage = Effect.fnUntraced(function* (call: ApiCall) {
    const asked = call.query.getAll("type")
    const unknown = asked.find((type) => !types.includes(type))
    if (unknown !== undefined) return yield* new BadRequest({ message: `unknown object type: ${unknown}` })
    const wants = (type: string) => asked.length === 0 || asked.includes(type)
    const used = yield* (yield* System).usage
    const parts: Array<string> = []
    if (wants("image")) {
      const images = yield* (yield* Images).list({ all: true, filters: new Map() })
      const rows = images.map((image) => ({
        ...imageSummary(image, call.facts.minor),
        Containers: image.containers,
        SharedSize: 0
      }))
      parts.push(`"LayersSize":${used.layersBytes}`, `"Images":${JSON.stringify(rows)}`)
    }
    if (wants("container")) {
      const sizes = new Map(used.containers.map((size) => [size.id, size]))
      const found = yield* (yield* Containers).list({ all: true, limit: 0, filters: new Map() })
      const rows = found.map((snapshot) => {
        const size = sizes.get(snapshot.spec.id)
        return summary(snapshot, {
          minor: call.facts.minor,
          nowMillis: Date.now(),
          ...(size === undefined ? {} : { size })
        })
      })
      parts.push(`"Containers":[${rows.join(",")}]`)
    }
    if (wants("volume")) {
      const sizes = new Map(used.volumes.map((volume) => [volume.name, volume]))
      const volumes = yield* (yield* Volumes).list(new Map())
      const rows = volumes.map((volume) => ({
        ...volumeJson(volume),
        UsageData: {
          RefCount: sizes.get(volume.name)?.references ?? volume.usedBy.length,
          Size: sizes.get(volume.name)?.bytes ?? -1
        }
      }))
      parts.push(`"Volumes":${JSON.stringify(rows)}`)
    }
    if (wants("build-cache")) parts.push('"BuildCache":[]')
    parts.push('"BuilderSize":0')
    return jsonText(`{${parts.join(",")}}`)
  })
  bridge.route("GET", "/system/df", usage, "stop")
}

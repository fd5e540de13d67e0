import { Images, System } from "@sockerless/engine"
import { BadRequest, bodyStream, bytes, empty, json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { readFilters } from "../filters.ts"
import { truthy } from "../query.ts"
import { imageInspect, imageSummary } from "./image-json.ts"
import { progressReply } from "./progress.ts"
import { headerAuth } from "./registry-auth.ts"

const orUndefined = (value: string | null) => (value === null || value === "" ? undefined : value)

/** `fromImage` with `tag`, which may be a digest; without a tag it is `latest`, which is what clients mean. */
const pullReference = (fromImage: string, tag: string) => {
  if (tag === "") return fromImage
  return tag.includes(":") ? `${fromImage}@${tag}` : `${fromImage}:${tag}`
}

const pull = Effect.fnUntraced(function* (call: ApiCall) {
  const { query, request } = call
  const images = yield* Images
  const fromSource = query.get("fromSrc") ?? ""
  if (fromSource !== "") {
    if (fromSource !== "-") {
      return yield* new BadRequest({
        message: "fetching from a URL is not supported by this daemon: download it and send it with fromSrc=-"
      })
    }
    return progressReply(
      yield* images.importTar(bodyStream(request), {
        repository: query.get("repo") ?? "",
        tag: query.get("tag") ?? "",
        message: query.get("message") ?? "",
        changes: query.getAll("changes"),
        platform: orUndefined(query.get("platform"))
      })
    )
  }
  const fromImage = query.get("fromImage") ?? ""
  if (fromImage === "") return yield* new BadRequest({ message: "invalid reference format" })
  return progressReply(
    yield* images.pull(pullReference(fromImage, query.get("tag") ?? ""), {
      platform: orUndefined(query.get("platform")),
      auth: headerAuth(request)
    })
  )
})

const push = Effect.fnUntraced(function* (call: ApiCall) {
  const progress = yield* (yield* Images).push(call.param("name"), {
    tag: orUndefined(call.query.get("tag")),
    auth: headerAuth(call.request)
  })
  return progressReply(progress)
})

const load = Effect.fnUntraced(function* (call: ApiCall) {
  return progressReply(yield* (yield* Images).load(bodyStream(call.request), { quiet: truthy(call.query, "quiet") }))
})

const saved = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  return bytes(yield* (yield* Images).save(names), { "Content-Type": "application/x-tar" })
})

const listImages = Effect.fnUntraced(function* (call: ApiCall) {
  const filters = yield* readFilters(call.query)
  // `filter=` was a reference before filters could name it.
  const name = call.query.get("filter") ?? ""
  const asked = name === "" ? filters : new Map([...filters, ["reference", [name]]])
  const found = yield* (yield* Images).list({ all: truthy(call.query, "all"), filters: asked })
  return json(found.map((image) => imageSummary(image, call.facts.minor)))
})

const inspect = Effect.fnUntraced(function* (call: ApiCall) {
  const image = yield* (yield* Images).inspect(call.param("name"))
  const facts = yield* (yield* System).facts
  return json(imageInspect(image, facts.backends.get(facts.defaultBackend)?.storageDriver ?? "", call.facts.minor))
})

const history = Effect.fnUntraced(function* (call: ApiCall) {
  return json(yield* (yield* Images).history(call.param("name")))
})

const tag = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Images).tag(call.param("name"), call.query.get("repo") ?? "", call.query.get("tag") ?? "")
  return empty(201)
})

const remove = Effect.fnUntraced(function* (call: ApiCall) {
  const removed = yield* (yield* Images).remove(call.param("name"), {
    force: truthy(call.query, "force"),
    noprune: truthy(call.query, "noprune")
  })
  return json(removed.map(deletion))
})

const deletion = (entry: { readonly untagged: string } | { readonly deleted: string }) =>
  "untagged" in entry ? { Untagged: entry.untagged } : { Deleted: entry.deleted }

const prune = Effect.fnUntraced(function* (call: ApiCall) {
  const pruned = yield* (yield* Images).prune(yield* readFilters(call.query))
  return json({
    ImagesDeleted: pruned.deleted.length === 0 ? null : pruned.deleted.map(deletion),
    SpaceReclaimed: pruned.reclaimedBytes
  })
})

const distribution = Effect.fnUntraced(function* (call: ApiCall) {
  const found = yield* (yield* Images).distribution(call.param("name"), headerAuth(call.request))
  return json({
    Descriptor: { mediaType: found.mediaType, digest: found.digest, size: found.size },
    Platforms: found.platforms
  })
})

/** Images, without build. */
export const imageRoutes = (bridge: ApiBridge): void => {
  bridge.route("GET", "/images/json", listImages, "stop")
  bridge.route("POST", "/images/create", pull, "stop")
  bridge.route("POST", "/images/load", load, "stop")
  bridge.route("POST", "/images/prune", prune)
  bridge.route(
    "GET",
    "/images/get",
    (call) => saved(call.query.getAll("names").flatMap((name) => name.split(","))),
    "stop"
  )
  bridge.route("GET", "/images/:name{.+}/get", (call) => saved([call.param("name")]), "stop")
  bridge.route("GET", "/images/:name{.+}/json", inspect, "stop")
  bridge.route("GET", "/images/:name{.+}/history", history, "stop")
  bridge.route("POST", "/images/:name{.+}/push", push, "stop")
  bridge.route("POST", "/images/:name{.+}/tag", tag)
  bridge.route("DELETE", "/images/:name{.+}", remove)
  bridge.route("GET", "/distribution/:name{.+}/json", distribution, "stop")
}

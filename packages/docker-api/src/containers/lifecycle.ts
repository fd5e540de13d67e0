import { Containers } from "@sockerless/engine"
import { BadRequest, empty, json, readBounded } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { readFilters } from "../filters.ts"
import { truthy, wholeNumber } from "../query.ts"

const start = Effect.fnUntraced(function* (call: ApiCall) {
  const body = yield* readBounded(call.request)
  // A HostConfig at start went away with 1.24; `{}` and an empty line are what clients still send.
  if (body.length > 7 && !/^\s*\{\s*\}\s*$/.test(body.toString("utf8")) && !isQueryEcho(call, body)) {
    return yield* new BadRequest({
      message: "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24"
    })
  }
  yield* (yield* Containers).start(call.param("id"))
  return empty()
})

/** dockerode sends its options in the query and once more as the body. */
const isQueryEcho = (call: ApiCall, body: Buffer) => call.query.size > 0 && body.length < 4096

const stopOptions = Effect.fnUntraced(function* (call: ApiCall) {
  const timeoutSeconds = yield* wholeNumber(call.query, "t")
  const signal = call.query.get("signal") ?? ""
  return {
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(signal === "" ? {} : { signal })
  }
})

const stop = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Containers).stop(call.param("id"), yield* stopOptions(call))
  return empty()
})

const restart = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Containers).restart(call.param("id"), yield* stopOptions(call))
  return empty()
})

const kill = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Containers).kill(call.param("id"), call.query.get("signal") ?? "")
  return empty()
})

const pause = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Containers).pause(call.param("id"))
  return empty()
})

const unpause = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Containers).unpause(call.param("id"))
  return empty()
})

const rename = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Containers).rename(call.param("id"), call.query.get("name") ?? "")
  return empty()
})

const remove = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Containers).remove(call.param("id"), {
    force: truthy(call.query, "force"),
    volumes: truthy(call.query, "v"),
    link: truthy(call.query, "link")
  })
  return empty()
})

const prune = Effect.fnUntraced(function* (call: ApiCall) {
  const pruned = yield* (yield* Containers).prune(yield* readFilters(call.query))
  return json({
    ContainersDeleted: pruned.deleted.length === 0 ? null : pruned.deleted,
    SpaceReclaimed: pruned.reclaimedBytes
  })
})

const top = Effect.fnUntraced(function* (call: ApiCall) {
  const psArgs = call.query.get("ps_args") ?? ""
  const { titles, processes } = yield* (yield* Containers).top(call.param("id"), psArgs === "" ? "-ef" : psArgs)
  return json({ Titles: titles, Processes: processes })
})

/** The verbs that change a container and answer without a body. */
export const lifecycleRoutes = (bridge: ApiBridge): void => {
  bridge.route("POST", "/containers/:id/start", start)
  bridge.route("POST", "/containers/:id/stop", stop)
  bridge.route("POST", "/containers/:id/restart", restart)
  bridge.route("POST", "/containers/:id/kill", kill)
  bridge.route("POST", "/containers/:id/pause", pause)
  bridge.route("POST", "/containers/:id/unpause", unpause)
  bridge.route("POST", "/containers/:id/rename", rename)
  bridge.route("DELETE", "/containers/:id", remove)
  bridge.route("POST", "/containers/prune", prune)
  bridge.route("GET", "/containers/:id/top", top, "stop")
}

import { Containers } from "@sockerless/engine"
import { json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { truthy } from "../query.ts"
import { optionalJsonBody } from "../read-body.ts"
import { configFields } from "../wire/create-request.ts"
import { struct } from "../wire/go-json.ts"
import { plain } from "./echo.ts"
import { configJson } from "./inspect.ts"

const kinds = { modified: 0, added: 1, deleted: 2 } as const

const changes = Effect.fnUntraced(function* (call: ApiCall) {
  const found = yield* (yield* Containers).diff(call.param("id"))
  return json(found.length === 0 ? null : found.map(({ path, kind }) => ({ Path: path, Kind: kinds[kind] })))
})

const isGiven = (value: unknown): boolean =>
  Boolean(value) && !(typeof value === "object" && value !== null && Object.keys(value).length === 0)

/** A `Config` in the body overrides the container's, field by field. */
const commit = Effect.fnUntraced(function* (call: ApiCall) {
  const { query } = call
  const body = yield* optionalJsonBody(call.request, struct(configFields), "Config")
  const containers = yield* Containers
  const snapshot = yield* containers.inspect(query.get("container") ?? "")
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => isGiven(value)))
  const id = yield* containers.commit(snapshot.spec.id, {
    repository: query.get("repo") ?? "",
    tag: query.get("tag") ?? "",
    comment: query.get("comment") ?? "",
    author: query.get("author") ?? "",
    pause: query.get("pause") === null || truthy(query, "pause"),
    changes: query.getAll("changes").flatMap((lines) => lines.split("\n").filter((line) => line.trim() !== "")),
    config: plain({ ...configJson(snapshot), ...given })
  })
  return json({ Id: id }, 201)
})

/** What a container changed, and an image made of it. */
export const commitRoutes = (bridge: ApiBridge): void => {
  bridge.route("GET", "/containers/:id/changes", changes, "stop")
  bridge.route("POST", "/commit", commit)
}

import { Containers } from "@sockerless/engine"
import { BadRequest, bytes } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { instantNanos, truthy } from "../query.ts"
import { logHeaders } from "./stream-types.ts"

/** The number of last lines; anything that is no natural number means all, as dockerd reads it. */
const tailOf = (query: URLSearchParams) => {
  const given = query.get("tail") ?? ""
  return /^\d{1,9}$/.test(given) ? { tail: Number(given) } : {}
}

const logs = Effect.fnUntraced(function* (call: ApiCall) {
  const stdout = truthy(call.query, "stdout")
  const stderr = truthy(call.query, "stderr")
  if (!stdout && !stderr) {
    return yield* new BadRequest({ message: "Bad parameters: you must choose at least one stream" })
  }
  const since = yield* instantNanos(call.query, "since")
  const until = yield* instantNanos(call.query, "until")
  const { output, tty } = yield* (yield* Containers).logs(call.param("id"), {
    follow: truthy(call.query, "follow"),
    stdout,
    stderr,
    timestamps: truthy(call.query, "timestamps"),
    details: truthy(call.query, "details"),
    ...tailOf(call.query),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined || until === 0n ? {} : { until })
  })
  return bytes(output, logHeaders(tty, call.facts.minor))
})

/** `GET /containers/{id}/logs`. */
export const logsRoute = (bridge: ApiBridge): void => bridge.route("GET", "/containers/:id/logs", logs, "stop")

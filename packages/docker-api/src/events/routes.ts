import { type Event, Events } from "@sockerless/engine"
import { live } from "@sockerless/http-bridge"
import { Effect, Stream } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { readFilters } from "../filters.ts"
import { instantNanos } from "../query.ts"

/** Older clients read `status`, `id` and `from`; they go away in 1.52. */
const legacy = (event: Event) => {
  const image = event.attributes["image"]
  if (event.type === "container")
    return { status: event.action, id: event.actorId, ...(image === undefined ? {} : { from: image }) }
  return event.type === "image" ? { status: event.action, id: event.actorId } : {}
}

const eventText = (event: Event) => {
  const head = JSON.stringify({
    ...legacy(event),
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.actorId, Attributes: event.attributes },
    scope: "local",
    time: Number(event.timeNano / 1_000_000_000n)
  })
  // Nanoseconds do not fit a JavaScript number; the digits go out as they are.
  return `${head.slice(0, -1)},"timeNano":${event.timeNano}}`
}

const framings = [
  { accept: "application/json-seq", before: "\u001E" },
  { accept: "application/x-ndjson", before: "" },
  { accept: "application/jsonl", before: "" }
] as const

const events = Effect.fnUntraced(function* (call: ApiCall) {
  const since = yield* instantNanos(call.query, "since")
  const until = yield* instantNanos(call.query, "until")
  const filters = yield* readFilters(call.query)
  const followed = yield* (yield* Events).follow({
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    filters
  })
  const accept = String(call.request.headers.accept ?? "")
  const framing = framings.find((candidate) => accept.includes(candidate.accept))
  return live(
    Stream.map(followed, (event) => `${framing?.before ?? ""}${eventText(event)}\n`),
    { "Content-Type": framing?.accept ?? "application/json" }
  )
})

/** `GET /events`. */
export const eventRoutes = (bridge: ApiBridge): void => bridge.route("GET", "/events", events, "stop")

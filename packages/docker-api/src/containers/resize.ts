import { Containers, Execs } from "@sockerless/engine"
import { BadRequest, empty } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"

const dimension = (query: URLSearchParams, name: string, word: string): Effect.Effect<number, BadRequest> => {
  const given = query.get(name) ?? ""
  return /^\d{1,10}$/.test(given) && Number(given) <= 0xff_ff_ff_ff
    ? Effect.succeed(Number(given))
    : Effect.fail(new BadRequest({ message: `invalid resize ${word} "${given}": invalid syntax` }))
}

const sizeOf = (query: URLSearchParams) =>
  Effect.all({ rows: dimension(query, "h", "height"), columns: dimension(query, "w", "width") })

const resizeContainer = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Containers).resize(call.param("id"), yield* sizeOf(call.query))
  return empty(200)
})

const resizeExec = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Execs).resize(call.param("id"), yield* sizeOf(call.query))
  return empty(200)
})

/** Window sizes of containers and execs. */
export const resizeRoutes = (bridge: ApiBridge): void => {
  bridge.route("POST", "/containers/:id/resize", resizeContainer)
  bridge.route("POST", "/exec/:id/resize", resizeExec)
}

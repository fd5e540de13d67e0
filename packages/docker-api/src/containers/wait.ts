import { Containers, type WaitCondition } from "@sockerless/engine"
import { BadRequest, live } from "@sockerless/http-bridge"
import { Effect, Stream } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"

const conditions: Readonly<Record<string, WaitCondition>> = {
  "": "not-running",
  "not-running": "not-running",
  "next-exit": "next-exit",
  removed: "removed"
}

const wait = Effect.fnUntraced(function* (call: ApiCall) {
  const given = call.query.get("condition") ?? ""
  const condition = Object.hasOwn(conditions, given) ? conditions[given] : undefined
  if (condition === undefined) return yield* new BadRequest({ message: `invalid condition: "${given}"` })
  // Registered before the headers leave: the client starts the container when it sees them.
  const result = yield* (yield* Containers).wait(call.param("id"), condition)
  const line = Effect.map(
    result,
    ({ exitCode, error }) =>
      `${JSON.stringify({ StatusCode: exitCode, Error: error === undefined ? null : { Message: error } })}\n`
  )
  return live(Stream.fromEffect(line), { "Content-Type": "application/json" })
})

/** `POST /containers/{id}/wait`. */
export const waitRoute = (bridge: ApiBridge): void => bridge.route("POST", "/containers/:id/wait", wait, "stop")

import { Containers } from "@sockerless/engine"
import { hijacked } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiHijackCall } from "../api-route.ts"
import { truthy } from "../query.ts"
import { streamTypes } from "./stream-types.ts"

const attach = Effect.fnUntraced(function* (call: ApiHijackCall) {
  const session = yield* (yield* Containers).attach(call.param("id"), {
    stdin: truthy(call.query, "stdin"),
    stdout: truthy(call.query, "stdout"),
    stderr: truthy(call.query, "stderr"),
    logs: truthy(call.query, "logs"),
    stream: truthy(call.query, "stream"),
    detachKeys: call.query.get("detachKeys") ?? undefined
  })
  return hijacked({ ...streamTypes(session.tty, call.facts.minor), output: session.output, input: session.input })
})

/** `POST /containers/{id}/attach`. */
export const attachRoute = (bridge: ApiBridge): void => bridge.hijack("/containers/:id/attach", attach)

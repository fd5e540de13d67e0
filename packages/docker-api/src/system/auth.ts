import { Images } from "@sockerless/engine"
import { json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { authConfig, registryAuthOf } from "../images/registry-auth.ts"
import { jsonBody } from "../read-body.ts"

const auth = Effect.fnUntraced(function* (call: ApiCall) {
  const given = yield* jsonBody(call.request, authConfig, "AuthConfig")
  const { status, identityToken } = yield* (yield* Images).login(registryAuthOf(given))
  return json({ Status: status, IdentityToken: identityToken })
})

/** `POST /auth`. */
export const authRoute = (bridge: ApiBridge): void => bridge.route("POST", "/auth", auth, "stop")

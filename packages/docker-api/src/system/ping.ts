import { text } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge } from "../api-route.ts"

const headers = {
  "Builder-Version": "2",
  Swarm: "inactive",
  "Cache-Control": "no-cache, no-store, must-revalidate",
  Pragma: "no-cache"
}

/** Every client starts here. */
export const pingRoutes = (bridge: ApiBridge): void => {
  bridge.route("GET", "/_ping", () => Effect.succeed(text("OK", 200, headers)))
  bridge.route("HEAD", "/_ping", () => Effect.succeed(text("", 200, headers)))
  bridge.route("OPTIONS", "/*", () => Effect.succeed(text("", 200)))
}

import type { Fault, FaultKind } from "@sockerless/faults"
import { json, type Method } from "@sockerless/http-bridge"
import { Effect, Schema } from "effect"
import type { ApiBridge } from "../api-route.ts"

class NotASwarmManager extends Schema.TaggedError<NotASwarmManager>()("NotASwarmManager", {}) {
  readonly kind: FaultKind = "unavailable"
  override get message() {
    return 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
  }
}

class NoSuchPlugin extends Schema.TaggedError<NoSuchPlugin>()("NoSuchPlugin", { name: Schema.String }) {
  readonly kind: FaultKind = "not-found"
  override get message() {
    return `plugin "${this.name}" not found`
  }
}

class NotHere extends Schema.TaggedError<NotHere>()("NotHere", { message: Schema.String }) {
  readonly kind: FaultKind = "not-implemented"
}

const methods: ReadonlyArray<Method> = ["GET", "POST", "PUT", "DELETE"]

const refuse = (bridge: ApiBridge, patterns: ReadonlyArray<string>, fault: () => Fault) => {
  for (const pattern of patterns) {
    for (const method of methods) bridge.route(method, pattern, () => Effect.fail(fault()))
  }
}

const nouns = ["swarm", "nodes", "services", "tasks", "secrets", "configs"]

const missing: ReadonlyArray<readonly [pattern: string, message: string]> = [
  ["/containers/:id/attach/ws", "attaching by WebSocket is not supported by this daemon: use attach with Upgrade: tcp"],
  ["/containers/:id/checkpoints", "checkpoints are not supported by this daemon"],
  ["/images/search", "searching Docker Hub is not supported by this daemon: search on the web"]
]

/** What this daemon never is: a swarm manager, and a host of plugins. Answered as dockerd answers outside a swarm. */
export const swarmRoutes = (bridge: ApiBridge): void => {
  refuse(
    bridge,
    nouns.flatMap((noun) => [`/${noun}`, `/${noun}/*`]),
    () => new NotASwarmManager()
  )
  bridge.route("GET", "/plugins", () => Effect.succeed(json([])))
  bridge.route("GET", "/plugins/:name{.+}/json", (call) => Effect.fail(new NoSuchPlugin({ name: call.param("name") })))
  for (const [pattern, message] of missing) refuse(bridge, [pattern], () => new NotHere({ message }))
  const noBuilds = () =>
    new NotHere({
      message: "this daemon does not build images yet: build elsewhere and use docker load or docker pull"
    })
  refuse(bridge, ["/build", "/build/cancel"], noBuilds)
  // Nothing is built, so nothing is cached: `docker system prune` asks for it among the rest.
  bridge.route("POST", "/build/prune", () => Effect.succeed(json({ CachesDeleted: null, SpaceReclaimed: 0 })))
  // buildx asks for these with an upgrade.
  for (const pattern of ["/grpc", "/session"]) bridge.hijack(pattern, () => Effect.fail(noBuilds()))
}

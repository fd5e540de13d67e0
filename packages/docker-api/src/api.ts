import { type Bridge, makeBridge, type Observed } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, Engine } from "./api-route.ts"
import { archiveRoutes } from "./containers/archive.ts"
import { attachRoute } from "./containers/attach.ts"
import { commitRoutes } from "./containers/commit.ts"
import { createRoute } from "./containers/create.ts"
import { inspectRoute } from "./containers/inspect.ts"
import { lifecycleRoutes } from "./containers/lifecycle.ts"
import { listRoute } from "./containers/list.ts"
import { logsRoute } from "./containers/logs.ts"
import { resizeRoutes } from "./containers/resize.ts"
import { statsRoute } from "./containers/stats.ts"
import { updateRoute } from "./containers/update.ts"
import { waitRoute } from "./containers/wait.ts"
import { eventRoutes } from "./events/routes.ts"
import { execRoutes } from "./exec/routes.ts"
import { imageRoutes } from "./images/routes.ts"
import { networkRoutes } from "./networks/routes.ts"
import { authRoute } from "./system/auth.ts"
import { diskUsageRoute } from "./system/disk-usage.ts"
import { infoRoute } from "./system/info.ts"
import { pingRoutes } from "./system/ping.ts"
import { swarmRoutes } from "./system/swarm.ts"
import { versionRoute } from "./system/version.ts"
import { type ApiFacts, newestMinor, splitVersion } from "./versions.ts"
import { volumeRoutes } from "./volumes/routes.ts"

export interface DockerApiOptions {
  /** The daemon's own version, a semantic one: clients parse it. */
  readonly version: string
  /** Names beside loopback under which TCP listeners without TLS may be reached, lower case. */
  readonly allowedHosts?: ReadonlyArray<string>
  /** Called once for each finished request, for metrics. */
  readonly observe?: (observed: Observed) => void
}

/** Makes servers for any number of listeners. */
export interface DockerApi {
  readonly createServer: ApiBridge["createServer"]
}

const registerContainers = (bridge: ApiBridge) => {
  listRoute(bridge)
  createRoute(bridge)
  commitRoutes(bridge)
  lifecycleRoutes(bridge)
  inspectRoute(bridge)
  waitRoute(bridge)
  attachRoute(bridge)
  logsRoute(bridge)
  resizeRoutes(bridge)
  execRoutes(bridge)
  archiveRoutes(bridge)
  statsRoute(bridge)
  updateRoute(bridge)
}

/** Docker's Engine API over the engine's services. Attach the servers it makes to any listener. */
export const dockerApi = (options: DockerApiOptions): Effect.Effect<DockerApi, never, Engine> =>
  Effect.gen(function* () {
    const bridge: Bridge<ApiFacts, Engine> = yield* makeBridge<ApiFacts, Engine>({
      prepare: (_request, path) => splitVersion(path),
      commonHeaders: {
        "Api-Version": `1.${newestMinor}`,
        "Docker-Experimental": "false",
        Ostype: "linux",
        Server: `Docker/${options.version} (linux)`
      },
      allowedHosts: options.allowedHosts ?? [],
      observe: options.observe ?? (() => undefined)
    })
    pingRoutes(bridge)
    versionRoute(bridge, options.version)
    infoRoute(bridge, options.version)
    authRoute(bridge)
    diskUsageRoute(bridge)
    eventRoutes(bridge)
    registerContainers(bridge)
    imageRoutes(bridge)
    networkRoutes(bridge)
    volumeRoutes(bridge)
    swarmRoutes(bridge)
    return { createServer: (kind, tls) => bridge.createServer(kind, tls) }
  })

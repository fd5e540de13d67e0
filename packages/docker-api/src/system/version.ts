import { System } from "@sockerless/engine"
import { json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge } from "../api-route.ts"
import { newestMinor, oldestMinor } from "../versions.ts"

const goArchitecture = (architecture: string) => (architecture === "x64" ? "amd64" : architecture)

/** `GET /version`. */
export const versionRoute = (bridge: ApiBridge, daemonVersion: string): void => {
  const version = Effect.fnUntraced(function* () {
    const { kernelVersion, backends } = yield* (yield* System).facts
    const arch = goArchitecture(process.arch)
    const shared = { Os: "linux", Arch: arch, KernelVersion: kernelVersion }
    const api = { ApiVersion: `1.${newestMinor}`, MinAPIVersion: `1.${oldestMinor}` }
    const built = { GitCommit: "sockerless", GoVersion: `node${process.versions.node}`, BuildTime: "" }
    return json({
      Platform: { Name: "Sockerless" },
      Components: [
        { Name: "Engine", Version: daemonVersion, Details: { ...api, ...shared, ...built, Experimental: "false" } },
        ...[...backends].map(([name, { runtimePath, runtimeVersion }]) => ({
          Name: name,
          Version: runtimeVersion,
          Details: { Path: runtimePath }
        }))
      ],
      Version: daemonVersion,
      ...api,
      ...built,
      ...shared
    })
  })
  bridge.route("GET", "/version", version, "stop")
}

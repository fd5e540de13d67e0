import type { BackendFacts } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { versionsOf } from "@sockerless/oci-runtime"
import { Effect } from "effect"
import type { LocalContext } from "./context.ts"

interface Versions {
  readonly runtime: string
  readonly monitor: string
}

const factsOf = ({ tools }: LocalContext, versions: Versions): BackendFacts => {
  return {
    description: "containers on this machine",
    storageDriver: "overlay2",
    storageStatus: [
      ["Backing Filesystem", "extfs"],
      ["Supports d_type", "true"],
      ["Native Overlay Diff", "true"]
    ],
    cgroupDriver: "cgroupfs",
    cgroupVersion: tools.cgroups === "v2" ? "2" : "1",
    securityOptions: tools.host.defaultSeccomp === undefined ? [] : ["name=seccomp,profile=default"],
    runtimePath: tools.runtime.path,
    runtimeVersion: `${tools.runtime.name} ${versions.runtime}, conmon ${versions.monitor}`,
    warnings: tools.host.defaultSeccomp === undefined ? ["WARNING: no default seccomp profile on this machine"] : []
  }
}

/** What `docker info` says of this backend; runtime and monitor are asked for their versions until they have told. */
export const aboutLocal = (context: LocalContext): Effect.Effect<BackendFacts, Fault> => {
  let known: Versions | undefined
  return Effect.suspend(() => {
    if (known !== undefined) return Effect.succeed(factsOf(context, known))
    return Effect.map(versionsOf(context.tools), (versions) => {
      known = versions
      return factsOf(context, versions)
    })
  })
}

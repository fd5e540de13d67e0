import type { BackendFacts } from "@sockerless/backend-contract"
import type { LocalContext } from "./context.ts"

/** What `docker info` says of this backend. */
export const aboutLocal = (context: LocalContext): BackendFacts => {
  const { tools } = context
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
    runtimeVersion: `${tools.runtime.name} ${tools.runtime.version}, conmon ${tools.monitor.version}`,
    warnings: tools.host.defaultSeccomp === undefined ? ["WARNING: no default seccomp profile on this machine"] : []
  }
}

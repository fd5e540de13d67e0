import type { WorkloadSpec } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { isCapability, normalizeCapability, parseDeviceRule, type Tools } from "@sockerless/oci-runtime"
import { Effect } from "effect"
import { logRefusals, logWarnings } from "./log-limit.ts"
import { type LocalConflict, LocalUnsupported } from "./faults.ts"

const unsupported = (option: string, wayOut: string) => new LocalUnsupported({ option, wayOut })

const refusals = (spec: WorkloadSpec, tools: Tools): ReadonlyArray<LocalUnsupported | LocalConflict> => {
  const { isolation, network } = spec
  const badCapability = [...isolation.capAdd, ...isolation.capDrop].find(
    (name) => !isCapability(normalizeCapability(name))
  )
  const badRule = isolation.deviceCgroupRules.find((rule) => parseDeviceRule(rule) === undefined)
  return [
    ...(network.portBindings.some((port) => port.protocol === "sctp")
      ? [unsupported("publishing SCTP ports", "publish tcp or udp, or use --network host")]
      : []),
    ...logRefusals(spec),
    ...(badCapability === undefined
      ? []
      : [unsupported(`capability "${badCapability}"`, "see capabilities(7) for the names this kernel knows")]),
    ...(badRule === undefined ? [] : [unsupported(`device cgroup rule "${badRule}"`, 'write it as "c 1:3 rwm"')]),
    ...(isolation.init && tools.initPath === undefined
      ? [unsupported("--init on this machine", "install the package tini")]
      : []),
    ...(Object.values(network.endpoints).some((endpoint) => endpoint.ipv6Address !== undefined)
      ? [unsupported("IPv6 addresses for endpoints", "leave the IPv6 address out")]
      : []),
    ...(spec.mounts.some((mount) => mount.type === "volume" && mount.driver !== "local" && mount.driver !== "")
      ? [unsupported("volume drivers other than local", "use the driver local")]
      : [])
  ]
}

/** Refuses what this machine cannot honour and warns of what it only half honours. */
export const checkSpec = (spec: WorkloadSpec, tools: Tools): Effect.Effect<ReadonlyArray<string>, Fault> => {
  const [first] = refusals(spec, tools)
  if (first !== undefined) return Effect.fail(first)
  const clamped = spec.isolation.ulimits.filter((ulimit) => {
    const ceiling = tools.host.limits.rlimits.get(`RLIMIT_${ulimit.name.toUpperCase()}`)
    return ceiling !== undefined && (ulimit.hard > ceiling || (ulimit.hard < 0 && Number.isFinite(ceiling)))
  })
  return Effect.succeed([
    ...clamped.map(
      (ulimit) =>
        `ulimit ${ulimit.name}=${ulimit.hard} is above the daemon's own hard limit; the container gets that limit`
    ),
    ...logWarnings(spec)
  ])
}

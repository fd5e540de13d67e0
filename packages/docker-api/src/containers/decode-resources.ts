import type { RequestedWorkload, UpdateContainer } from "@sockerless/engine"
import type { WireResources } from "../wire/create-request.ts"

const given = <K extends string>(name: K, value: number): { readonly [key in K]?: number } =>
  // A computed key has no narrower type than its union.
  (value === 0 ? {} : { [name]: value }) as { readonly [key in K]?: number }

const throttles = (resources: WireResources) => [
  ...(resources.BlkioDeviceReadBps ?? []).map((entry) => ({ kind: "read-bps" as const, entry })),
  ...(resources.BlkioDeviceWriteBps ?? []).map((entry) => ({ kind: "write-bps" as const, entry })),
  ...(resources.BlkioDeviceReadIOps ?? []).map((entry) => ({ kind: "read-iops" as const, entry })),
  ...(resources.BlkioDeviceWriteIOps ?? []).map((entry) => ({ kind: "write-iops" as const, entry }))
]

/** Cgroup limits in our words; what is zero on the wire was not asked for. */
export const resourceLimits = (resources: WireResources): RequestedWorkload["resources"] => {
  const throttle = throttles(resources).map(({ kind, entry }) => ({ kind, path: entry.Path, rate: entry.Rate }))
  const swappiness = resources.MemorySwappiness
  return {
    ...given("memoryBytes", resources.Memory),
    ...given("memorySwapBytes", resources.MemorySwap),
    ...given("memoryReservationBytes", resources.MemoryReservation),
    ...(swappiness === null || swappiness === -1 ? {} : { memorySwappiness: swappiness }),
    ...(resources.OomKillDisable === true ? { oomKillDisable: true } : {}),
    ...given("cpuShares", resources.CpuShares),
    ...given("cpuPeriodMicros", resources.CpuPeriod),
    ...given("cpuQuotaMicros", resources.CpuQuota),
    ...given("cpuRealtimePeriodMicros", resources.CpuRealtimePeriod),
    ...given("cpuRealtimeRuntimeMicros", resources.CpuRealtimeRuntime),
    ...given("nanoCpus", resources.NanoCpus),
    ...(resources.CpusetCpus === "" ? {} : { cpusetCpus: resources.CpusetCpus }),
    ...(resources.CpusetMems === "" ? {} : { cpusetMems: resources.CpusetMems }),
    ...given("pidsLimit", resources.PidsLimit ?? 0),
    ...given("blkioWeight", resources.BlkioWeight),
    ...(throttle.length === 0 ? {} : { blkioThrottle: throttle })
  }
}

const policies = ["no", "always", "on-failure", "unless-stopped"] as const

/** A restart policy in our words; undefined when none was given. */
export const restartPolicyOf = (given: {
  readonly Name: string
  readonly MaximumRetryCount: number
}): UpdateContainer["restart"] | { readonly problem: string } => {
  if (given.Name === "" && given.MaximumRetryCount === 0) return undefined
  const name = policies.find((policy) => policy === (given.Name === "" ? "no" : given.Name))
  if (name === undefined) {
    return {
      problem: `invalid restart policy: unknown policy '${given.Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`
    }
  }
  if (given.MaximumRetryCount < 0) {
    return { problem: "invalid restart policy: maximum retry count cannot be negative" }
  }
  if (given.MaximumRetryCount > 0 && name !== "on-failure") {
    return { problem: "invalid restart policy: maximum retry count can only be used with 'on-failure'" }
  }
  return { name, maximumRetryCount: given.MaximumRetryCount }
}

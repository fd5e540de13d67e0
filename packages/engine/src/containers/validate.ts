import type { ResourceLimits, WorkloadSpec } from "@sockerless/backend-contract"
import { Effect } from "effect"
import { availableParallelism } from "node:os"
import { type DockerFault, invalid } from "../faults.ts"
import { signalNumber } from "./signals.ts"

const MIN_MEMORY = 6 * 1024 * 1024
const NANO = 1_000_000_000
const EXTRA_HOST = /^[^:=\s]+[:=]\S+$/

const cpusetProblem = (text: string | undefined, what: string): string | undefined => {
  if (text === undefined || text === "") return undefined
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return `Invalid value ${text} for ${what}`
  const highest = Math.max(...(text.match(/\d+/g) ?? []).map(Number))
  return what === "cpuset cpus" && highest >= availableParallelism()
    ? `Requested CPUs are not available - requested ${text}, available: 0-${availableParallelism() - 1}`
    : undefined
}

const memoryProblem = (limits: ResourceLimits): string | undefined => {
  const memory = limits.memoryBytes ?? 0
  const swap = limits.memorySwapBytes ?? 0
  const reservation = limits.memoryReservationBytes ?? 0
  const swappiness = limits.memorySwappiness
  if (memory !== 0 && memory < MIN_MEMORY) return "Minimum memory limit allowed is 6MB"
  if (memory > 0 && swap > 0 && swap < memory) {
    return "Minimum memoryswap limit should be larger than memory limit, see usage"
  }
  if (memory === 0 && swap > 0) return "You should always set the Memory limit when using Memoryswap limit, see usage"
  if (swappiness !== undefined && (swappiness < -1 || swappiness > 100)) {
    return `Invalid value: ${swappiness}, valid memory swappiness range is 0-100`
  }
  if (reservation !== 0 && reservation < MIN_MEMORY) return "Minimum memory reservation allowed is 6MB"
  if (memory > 0 && reservation > 0 && memory < reservation) {
    return "Minimum memory limit can not be less than memory reservation limit, see usage"
  }
  return undefined
}

const cpuProblem = (limits: ResourceLimits): string | undefined => {
  const nano = limits.nanoCpus ?? 0
  const cpus = availableParallelism()
  if (nano > 0 && (limits.cpuPeriodMicros ?? 0) > 0)
    return "Conflicting options: Nano CPUs and CPU Period cannot both be set"
  if (nano > 0 && (limits.cpuQuotaMicros ?? 0) > 0)
    return "Conflicting options: Nano CPUs and CPU Quota cannot both be set"
  if (nano < 0 || nano > cpus * NANO) {
    return `Range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`
  }
  const period = limits.cpuPeriodMicros ?? 0
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    return "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"
  }
  const quota = limits.cpuQuotaMicros ?? 0
  if (quota > 0 && quota < 1000) return "CPU cfs quota can not be less than 1ms (i.e. 1000)"
  if ((limits.cpuShares ?? 0) < 0) return `invalid CPU shares (${limits.cpuShares}): value must be a positive integer`
  return cpusetProblem(limits.cpusetCpus, "cpuset cpus") ?? cpusetProblem(limits.cpusetMems, "cpuset mems")
}

/** Docker's checks of limits, in its words. */
export const checkResources = (limits: ResourceLimits): Effect.Effect<void, DockerFault> => {
  const weight = limits.blkioWeight ?? 0
  const problem =
    memoryProblem(limits) ??
    cpuProblem(limits) ??
    (weight !== 0 && (weight < 10 || weight > 1000) ? "Range of blkio weight is from 10 to 1000" : undefined)
  return problem === undefined ? Effect.void : Effect.fail(invalid(problem))
}

const hostModeProblem = (spec: WorkloadSpec): DockerFault | undefined => {
  const { network, isolation } = spec
  if (network.mode.startsWith("container:")) {
    if (network.portBindings.length > 0) {
      return invalid("conflicting options: port publishing and the container type network mode")
    }
    if (network.extraHosts.length > 0) {
      return invalid("conflicting options: custom host-to-IP mapping and the network mode")
    }
    if (network.dns.length > 0) return invalid("conflicting options: dns and the network mode")
  }
  const addressed = Object.values(network.endpoints).find(
    ({ ipv4Address, ipv6Address }) => ipv4Address !== undefined || ipv6Address !== undefined
  )
  if (addressed?.networkName === "bridge") {
    return invalid("user specified IP address is supported on user defined networks only")
  }
  if (network.mode === "host" && Object.keys(isolation.sysctls).some((key) => key.startsWith("net."))) {
    return invalid(
      `sysctl '${Object.keys(isolation.sysctls).find((key) => key.startsWith("net."))}' not allowed in host network namespace`
    )
  }
  return undefined
}

/** What Docker refuses about a whole container, beyond its limits. */
export const checkWorkload = (spec: WorkloadSpec): Effect.Effect<void, DockerFault> =>
  Effect.gen(function* () {
    if (spec.process.argv.length === 0) return yield* Effect.fail(invalid("No command specified"))
    if (spec.autoRemove && spec.restart.name !== "no") {
      return yield* Effect.fail(invalid("can't create 'AutoRemove' container with restart policy"))
    }
    const nul = [...spec.process.env, ...spec.process.argv].find((text) => text.includes("\0"))
    if (nul !== undefined) return yield* Effect.fail(invalid("invalid argument: a NUL byte in command or environment"))
    const nameless = spec.process.env.find((entry) => entry.startsWith("=") || entry === "")
    if (nameless !== undefined) return yield* Effect.fail(invalid(`invalid environment variable: ${nameless}`))
    if (spec.process.workingDir !== "" && !spec.process.workingDir.startsWith("/")) {
      return yield* Effect.fail(
        invalid(`the working directory '${spec.process.workingDir}' is invalid, it needs to be an absolute path`)
      )
    }
    if (spec.isolation.shmSizeBytes < 0) return yield* Effect.fail(invalid("SHM size can not be less than 0"))
    if (spec.isolation.oomScoreAdj < -1000 || spec.isolation.oomScoreAdj > 1000) {
      return yield* Effect.fail(
        invalid(`Invalid value ${spec.isolation.oomScoreAdj}, range for oom score adj is [-1000, 1000]`)
      )
    }
    if (spec.stopSignal !== "") yield* signalNumber(spec.stopSignal)
    const badHost = spec.network.extraHosts.find((entry) => !EXTRA_HOST.test(entry))
    if (badHost !== undefined) return yield* Effect.fail(invalid(`bad format for add-host: "${badHost}"`))
    const hostMode = hostModeProblem(spec)
    if (hostMode !== undefined) return yield* Effect.fail(hostMode)
    yield* checkResources(spec.resources)
  })

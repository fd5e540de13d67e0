import { statSync } from "node:fs"
import type { Resources } from "./spec.ts"

const NANO = 1_000_000_000
const PERIOD_MICROS = 100_000

const throttleKeys = {
  "read-bps": "throttleReadBpsDevice",
  "write-bps": "throttleWriteBpsDevice",
  "read-iops": "throttleReadIOPSDevice",
  "write-iops": "throttleWriteIOPSDevice"
} as const

const deviceNumbers = (path: string): { readonly major: number; readonly minor: number } => {
  const { rdev } = statSync(path)
  return {
    major: Math.floor(rdev / 0x100) & 0xfff,
    minor: (rdev & 0xff) + (Math.floor(rdev / 0x100_000) & 0xfff) * 0x100
  }
}

const defined = <T extends object>(object: T): Partial<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>

/** A zero means "no limit" to Docker and is left out. */
const unlessZero = (value: number | undefined): number | undefined => (value === 0 ? undefined : value)

const memoryOf = (resources: Resources) =>
  defined({
    limit: unlessZero(resources.memoryBytes),
    reservation: unlessZero(resources.memoryReservationBytes),
    // Without a swap limit Docker allows as much swap as memory again.
    swap: unlessZero(resources.memorySwapBytes) ?? (resources.memoryBytes ? resources.memoryBytes * 2 : undefined),
    swappiness: resources.memorySwappiness === -1 ? undefined : resources.memorySwappiness,
    disableOOMKiller: resources.oomKillDisable === true ? true : undefined
  })

const cpuOf = (resources: Resources) => {
  const fromNano = resources.nanoCpus ? Math.round((resources.nanoCpus / NANO) * PERIOD_MICROS) : undefined
  return defined({
    shares: unlessZero(resources.cpuShares),
    quota: fromNano ?? unlessZero(resources.cpuQuotaMicros),
    period: fromNano === undefined ? unlessZero(resources.cpuPeriodMicros) : PERIOD_MICROS,
    realtimeRuntime: unlessZero(resources.cpuRealtimeRuntimeMicros),
    realtimePeriod: unlessZero(resources.cpuRealtimePeriodMicros),
    cpus: resources.cpusetCpus === "" ? undefined : resources.cpusetCpus,
    mems: resources.cpusetMems === "" ? undefined : resources.cpusetMems
  })
}

const blkioOf = (resources: Resources) => {
  const throttles = Object.groupBy(resources.blkioThrottle ?? [], (entry) => throttleKeys[entry.kind])
  return defined({
    weight: unlessZero(resources.blkioWeight),
    ...Object.fromEntries(
      Object.entries(throttles).map(([key, entries]) => [
        key,
        (entries ?? []).map((entry) => Object.assign(deviceNumbers(entry.path), { rate: entry.rate }))
      ])
    )
  })
}

const unlessEmpty = <T extends object>(object: T): T | undefined =>
  Object.keys(object).length === 0 ? undefined : object

/** The runtime specification's `linux.resources`; the runtime translates it for cgroup v1 and v2. */
export const ociResources = (resources: Resources) =>
  defined({
    memory: unlessEmpty(memoryOf(resources)),
    cpu: unlessEmpty(cpuOf(resources)),
    blockIO: unlessEmpty(blkioOf(resources)),
    pids: resources.pidsLimit !== undefined && resources.pidsLimit > 0 ? { limit: resources.pidsLimit } : undefined
  })

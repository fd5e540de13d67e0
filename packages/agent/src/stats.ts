import { existsSync, readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import type { Json } from "@sockerless/agent-link/protocol"
import { type ProcessFacts, userProcesses } from "./processes.ts"

const NANOS_PER_TICK = 10_000_000
const PAGE_BYTES = 4096
const UNLIMITED = Number.MAX_SAFE_INTEGER

const text = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8").trim() : "")
const number = (path: string): number | undefined => {
  const value = text(path)
  return /^\d+$/.test(value) ? Math.min(Number(value), UNLIMITED) : undefined
}
const pairs = (path: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    text(path)
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, value]) => /^\d+$/.test(value ?? ""))
      .map(([key = "", value]) => [key, Number(value)])
  )

const sum = (all: ReadonlyArray<ProcessFacts>, of: (one: ProcessFacts) => number): number =>
  all.reduce((total, one) => total + of(one), 0)

const hostMemory = (): number => Number(/^MemTotal:\s+(\d+)/m.exec(text("/proc/meminfo"))?.[1] ?? 0) * 1024

/** Of the container's control group where its root is ours, else the sum over the user's processes. */
const cpuOf = (all: ReadonlyArray<ProcessFacts>): Json => {
  const group = pairs("/sys/fs/cgroup/cpu.stat")
  const ticks = { user: sum(all, (one) => one.userTicks), system: sum(all, (one) => one.systemTicks) }
  const total = group["usage_usec"]
  const legacy = number("/sys/fs/cgroup/cpuacct/cpuacct.usage")
  const host = text("/proc/stat").split("\n")[0]?.split(/\s+/).slice(1, 9).map(Number) ?? []
  return {
    totalNanos: total !== undefined ? total * 1000 : (legacy ?? (ticks.user + ticks.system) * NANOS_PER_TICK),
    perCpuNanos: [],
    kernelNanos: (group["system_usec"] ?? 0) * 1000 || ticks.system * NANOS_PER_TICK,
    userNanos: (group["user_usec"] ?? 0) * 1000 || ticks.user * NANOS_PER_TICK,
    systemNanos: host.reduce((whole, part) => whole + part, 0) * NANOS_PER_TICK,
    onlineCpus: availableParallelism(),
    periods: group["nr_periods"] ?? 0,
    throttledPeriods: group["nr_throttled"] ?? 0,
    throttledNanos: (group["throttled_usec"] ?? 0) * 1000
  }
}

const memoryOf = (all: ReadonlyArray<ProcessFacts>): Json => {
  const usage =
    number("/sys/fs/cgroup/memory.current") ??
    number("/sys/fs/cgroup/memory/memory.usage_in_bytes") ??
    sum(all, (one) => one.residentPages) * PAGE_BYTES
  const limit =
    number("/sys/fs/cgroup/memory.max") ?? number("/sys/fs/cgroup/memory/memory.limit_in_bytes") ?? UNLIMITED
  return {
    usageBytes: usage,
    maxUsageBytes:
      number("/sys/fs/cgroup/memory.peak") ?? number("/sys/fs/cgroup/memory/memory.max_usage_in_bytes") ?? usage,
    limitBytes: Math.min(limit, hostMemory()),
    failures: 0,
    stats: { ...pairs("/sys/fs/cgroup/memory.stat"), ...pairs("/sys/fs/cgroup/memory/memory.stat") }
  }
}

const networks = (): Json =>
  Object.fromEntries(
    text("/proc/net/dev")
      .split("\n")
      .slice(2)
      .map((line) => line.split(":"))
      .filter(([name]) => name !== undefined && name.trim() !== "lo")
      .map(([name = "", counters = ""]) => {
        const [
          rxBytes = 0,
          rxPackets = 0,
          rxErrors = 0,
          rxDropped = 0,
          ,
          ,
          ,
          ,
          txBytes = 0,
          txPackets = 0,
          txErrors = 0,
          txDropped = 0
        ] = counters.trim().split(/\s+/).map(Number)
        return [name.trim(), { rxBytes, rxPackets, rxErrors, rxDropped, txBytes, txPackets, txErrors, txDropped }]
      })
  )

/** Counters of this moment, in the form of the backend contract's `StatsSample`. */
export const stats = (): Json => {
  const all = userProcesses()
  return {
    readAt: new Date().toISOString(),
    cpu: cpuOf(all),
    memory: memoryOf(all),
    pids: { current: all.length },
    blkio: [],
    networks: networks()
  }
}

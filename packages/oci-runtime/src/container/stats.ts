import { readFileSync } from "node:fs"
import { availableParallelism, totalmem } from "node:os"
import { join } from "node:path"
import { controllerFolder, readCgroup } from "./cgroups.ts"
import type { Tools } from "./detect.ts"

/** Raw counters of one container at one moment. Absent controllers give zeros. */
export interface ContainerStats {
  readonly cpu: {
    readonly totalNanos: number
    readonly perCpuNanos: ReadonlyArray<number>
    readonly kernelNanos: number
    readonly userNanos: number
    readonly systemNanos: number
    readonly onlineCpus: number
    readonly periods: number
    readonly throttledPeriods: number
    readonly throttledNanos: number
  }
  readonly memory: {
    readonly usageBytes: number
    readonly maxUsageBytes: number
    readonly limitBytes: number
    readonly failures: number
    readonly stats: Readonly<Record<string, number>>
  }
  readonly pids: { readonly current: number; readonly limit?: number }
  readonly blkio: ReadonlyArray<BlkioEntry>
  readonly networks: Readonly<Record<string, InterfaceCounters>>
}

interface BlkioEntry {
  readonly kind: "service-bytes" | "serviced"
  readonly major: number
  readonly minor: number
  readonly operation: string
  readonly value: number
}

interface InterfaceCounters {
  readonly rxBytes: number
  readonly rxPackets: number
  readonly rxErrors: number
  readonly rxDropped: number
  readonly txBytes: number
  readonly txPackets: number
  readonly txErrors: number
  readonly txDropped: number
}

/** USER_HZ: /proc counts in hundredths of a second on every Linux that Node runs on. */
const NANOS_PER_TICK = 10_000_000

const numbersOf = (text: string | undefined): Readonly<Record<string, number>> =>
  Object.fromEntries(
    (text ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [name = "", value = "0"] = line.split(" ")
        return [name, Number(value)]
      })
  )

const amount = (text: string | undefined): number => (text === undefined || text === "max" ? 0 : Number(text))

/** Jiffies of all processors, idle included, in nanoseconds: what the client divides by. */
const systemNanos = (): number => {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n")
  const ticks = line.split(/\s+/).slice(1, 9).map(Number)
  return ticks.reduce((sum, value) => sum + value, 0) * NANOS_PER_TICK
}

const cpuV1 = (cgroupPath: string) => {
  const accounting = controllerFolder("v1", "cpuacct", cgroupPath)
  const usage = numbersOf(readCgroup(join(accounting, "cpuacct.stat")))
  const throttling = numbersOf(readCgroup(join(controllerFolder("v1", "cpu", cgroupPath), "cpu.stat")))
  const perCpu = readCgroup(join(accounting, "cpuacct.usage_percpu")) ?? ""
  return {
    totalNanos: amount(readCgroup(join(accounting, "cpuacct.usage"))),
    perCpuNanos: perCpu
      .split(" ")
      .filter((part) => part !== "")
      .map(Number),
    kernelNanos: (usage["system"] ?? 0) * NANOS_PER_TICK,
    userNanos: (usage["user"] ?? 0) * NANOS_PER_TICK,
    periods: throttling["nr_periods"] ?? 0,
    throttledPeriods: throttling["nr_throttled"] ?? 0,
    throttledNanos: throttling["throttled_time"] ?? 0
  }
}

const cpuV2 = (cgroupPath: string) => {
  const usage = numbersOf(readCgroup(join(controllerFolder("v2", "", cgroupPath), "cpu.stat")))
  const nanos = (name: string) => (usage[name] ?? 0) * 1000
  return {
    totalNanos: nanos("usage_usec"),
    perCpuNanos: [],
    kernelNanos: nanos("system_usec"),
    userNanos: nanos("user_usec"),
    periods: usage["nr_periods"] ?? 0,
    throttledPeriods: usage["nr_throttled"] ?? 0,
    throttledNanos: nanos("throttled_usec")
  }
}

/** A limit above the machine's memory is no limit; Docker shows the machine's memory then. */
const memoryLimit = (value: number): number => (value === 0 || value > totalmem() ? totalmem() : value)

const memoryV1 = (cgroupPath: string) => {
  const folder = controllerFolder("v1", "memory", cgroupPath)
  return {
    usageBytes: amount(readCgroup(join(folder, "memory.usage_in_bytes"))),
    maxUsageBytes: amount(readCgroup(join(folder, "memory.max_usage_in_bytes"))),
    limitBytes: memoryLimit(amount(readCgroup(join(folder, "memory.limit_in_bytes")))),
    failures: amount(readCgroup(join(folder, "memory.failcnt"))),
    stats: numbersOf(readCgroup(join(folder, "memory.stat")))
  }
}

const memoryV2 = (cgroupPath: string) => {
  const folder = controllerFolder("v2", "", cgroupPath)
  return {
    usageBytes: amount(readCgroup(join(folder, "memory.current"))),
    maxUsageBytes: amount(readCgroup(join(folder, "memory.peak"))),
    limitBytes: memoryLimit(amount(readCgroup(join(folder, "memory.max")))),
    failures: numbersOf(readCgroup(join(folder, "memory.events")))["max"] ?? 0,
    stats: numbersOf(readCgroup(join(folder, "memory.stat")))
  }
}

const blkioV1 = (cgroupPath: string): ReadonlyArray<BlkioEntry> => {
  const folder = controllerFolder("v1", "blkio", cgroupPath)
  const read = (file: string, kind: BlkioEntry["kind"]) =>
    (readCgroup(join(folder, file)) ?? "").split("\n").flatMap((line): ReadonlyArray<BlkioEntry> => {
      const match = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line)
      return match === null
        ? []
        : [
            {
              kind,
              major: Number(match[1]),
              minor: Number(match[2]),
              operation: match[3] ?? "",
              value: Number(match[4])
            }
          ]
    })
  return [
    ...read("blkio.throttle.io_service_bytes", "service-bytes"),
    ...read("blkio.throttle.io_serviced", "serviced")
  ]
}

const blkioV2 = (cgroupPath: string): ReadonlyArray<BlkioEntry> =>
  (readCgroup(join(controllerFolder("v2", "", cgroupPath), "io.stat")) ?? "").split("\n").flatMap((line) => {
    const match = /^(\d+):(\d+) (.*)$/.exec(line)
    if (match === null) return []
    const values = new Map(
      (match[3] ?? "").split(" ").map((pair) => {
        const [name = "", value = "0"] = pair.split("=")
        return [name, Number(value)] as const
      })
    )
    const entry = (kind: BlkioEntry["kind"], operation: string, key: string): BlkioEntry => ({
      kind,
      major: Number(match[1]),
      minor: Number(match[2]),
      operation,
      value: values.get(key) ?? 0
    })
    return [
      entry("service-bytes", "read", "rbytes"),
      entry("service-bytes", "write", "wbytes"),
      entry("serviced", "read", "rios"),
      entry("serviced", "write", "wios")
    ]
  })

/** Counters of the interfaces the process sees, loopback left out; empty when it is gone. */
const networksOf = (pid: number): Readonly<Record<string, InterfaceCounters>> => {
  const text = readCgroup(`/proc/${pid}/net/dev`) ?? ""
  return Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const match = /^\s*([^\s:]+):\s*(.*)$/.exec(line)
      if (match === null || match[1] === "lo") return []
      const n = (match[2] ?? "").trim().split(/\s+/).map(Number)
      const at = (index: number) => n[index] ?? 0
      return [
        [
          match[1] ?? "",
          {
            rxBytes: at(0),
            rxPackets: at(1),
            rxErrors: at(2),
            rxDropped: at(3),
            txBytes: at(8),
            txPackets: at(9),
            txErrors: at(10),
            txDropped: at(11)
          }
        ]
      ]
    })
  )
}

/** One sample of a running container. */
export const stats = (tools: Tools, cgroupPath: string, pid: number): ContainerStats => {
  const v2 = tools.cgroups === "v2"
  const pids = controllerFolder(tools.cgroups, "pids", cgroupPath)
  const pidsLimit = readCgroup(join(pids, "pids.max"))
  return {
    cpu: {
      ...(v2 ? cpuV2(cgroupPath) : cpuV1(cgroupPath)),
      systemNanos: systemNanos(),
      onlineCpus: availableParallelism()
    },
    memory: v2 ? memoryV2(cgroupPath) : memoryV1(cgroupPath),
    pids: {
      current: amount(readCgroup(join(pids, "pids.current"))),
      ...(pidsLimit === undefined || pidsLimit === "max" ? {} : { limit: Number(pidsLimit) })
    },
    blkio: v2 ? blkioV2(cgroupPath) : blkioV1(cgroupPath),
    networks: networksOf(pid)
  }
}

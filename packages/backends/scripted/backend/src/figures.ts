import type { BackendFacts, StatsSample } from "@sockerless/backend-contract"
import { totalmem } from "node:os"
import type { Workload } from "./workload.ts"

/** A process of this place uses a millisecond of processor for each look at it. */
const NANOS_PER_LOOK = 1_000_000
const USED_BYTES = 1024 * 1024

/** One sample of a running workload; the figures follow from its limits and the clock. */
export const statsOf = (workload: Workload): StatsSample => ({
  readAt: new Date().toISOString(),
  cpu: {
    totalNanos: NANOS_PER_LOOK,
    perCpuNanos: [NANOS_PER_LOOK],
    kernelNanos: 0,
    userNanos: NANOS_PER_LOOK,
    systemNanos: Math.round(performance.now() * NANOS_PER_LOOK),
    onlineCpus: 1,
    periods: 0,
    throttledPeriods: 0,
    throttledNanos: 0
  },
  memory: {
    usageBytes: USED_BYTES,
    maxUsageBytes: USED_BYTES,
    limitBytes: workload.launch.spec.resources.memoryBytes || totalmem(),
    failures: 0,
    stats: {}
  },
  pids: { current: 1 + workload.execs.size },
  blkio: [],
  networks: {}
})

const TITLES = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]

/** The workload's processes as `ps -ef` shows them. */
export const tableOf = (workload: Workload) => ({
  titles: TITLES,
  processes: [...(workload.run === undefined ? [] : [workload.run.process]), ...workload.execs].map((process) => [
    "root",
    String(process.pid),
    "1",
    "0",
    "00:00",
    "?",
    "00:00:00",
    process.argv.join(" ")
  ])
})

/** What `docker info` says of a scripted place. */
export const about: BackendFacts = {
  description: "what a test tells it",
  storageDriver: "memory",
  storageStatus: [],
  cgroupDriver: "none",
  cgroupVersion: "2",
  securityOptions: [],
  runtimePath: "scripted",
  runtimeVersion: "0",
  warnings: []
}

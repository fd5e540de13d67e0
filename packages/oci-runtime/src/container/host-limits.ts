import { readFile } from "node:fs/promises"
import { capabilitiesInMask } from "./capabilities.ts"

export interface HostLimits {
  /** Hard limits of this process by the runtime specification's names; `Infinity` for unlimited. */
  readonly rlimits: ReadonlyMap<string, number>
  /** What may be granted at all. */
  readonly capabilities: ReadonlyArray<string>
}

const procNames: Readonly<Record<string, string>> = {
  "Max cpu time": "RLIMIT_CPU",
  "Max file size": "RLIMIT_FSIZE",
  "Max data size": "RLIMIT_DATA",
  "Max stack size": "RLIMIT_STACK",
  "Max core file size": "RLIMIT_CORE",
  "Max resident set": "RLIMIT_RSS",
  "Max processes": "RLIMIT_NPROC",
  "Max open files": "RLIMIT_NOFILE",
  "Max locked memory": "RLIMIT_MEMLOCK",
  "Max address space": "RLIMIT_AS",
  "Max file locks": "RLIMIT_LOCKS",
  "Max pending signals": "RLIMIT_SIGPENDING",
  "Max msgqueue size": "RLIMIT_MSGQUEUE",
  "Max nice priority": "RLIMIT_NICE",
  "Max realtime priority": "RLIMIT_RTPRIO",
  "Max realtime timeout": "RLIMIT_RTTIME"
}

/** Reads the limits this process lives under; containers never get more. */
export const readHostLimits = async (): Promise<HostLimits> => {
  const limits = await readFile("/proc/self/limits", "utf8")
  const status = await readFile("/proc/self/status", "utf8")
  const rlimits = new Map<string, number>()
  for (const line of limits.split("\n")) {
    const [, label = "", , hard = ""] = /^(.+?)\s{2,}(\S+)\s+(\S+)/.exec(line) ?? []
    const name = procNames[label]
    if (name !== undefined) rlimits.set(name, hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard))
  }
  const mask = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"
  return { rlimits, capabilities: capabilitiesInMask(mask) }
}

/** The largest value the runtime specification's uint64 keeps exactly as JSON; the kernel reads it as unlimited. */
const UNLIMITED = Number.MAX_SAFE_INTEGER

/**
 * `nofile`, `nproc` … as the runtime specification names them, clamped to the hard limit we live under: raising one
 * needs CAP_SYS_RESOURCE, which a daemon in a virtual machine or container often lacks.
 */
export const rlimitsFor = (
  ulimits: ReadonlyArray<{ readonly name: string; readonly soft: number; readonly hard: number }>,
  host: HostLimits
) =>
  ulimits.map(({ name, soft, hard }) => {
    const type = `RLIMIT_${name.toUpperCase()}`
    const ceiling = host.rlimits.get(type) ?? Number.POSITIVE_INFINITY
    const clamp = (value: number) => {
      const wanted = value < 0 ? Number.POSITIVE_INFINITY : value
      const allowed = Math.min(wanted, ceiling)
      return Number.isFinite(allowed) ? allowed : UNLIMITED
    }
    return { type, soft: clamp(soft), hard: clamp(hard) }
  })

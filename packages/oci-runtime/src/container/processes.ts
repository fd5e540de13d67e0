import { readFileSync } from "node:fs"

const readProc = (pid: number, file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8")
  } catch {
    // The process is gone, which is the answer.
    return undefined
  }
}

/** When the process started, in clock ticks since boot: with the pid it names one process for ever (proc(5), field 22). */
export const startTicksOf = (pid: number): number | undefined => {
  const stat = readProc(pid, "stat")
  if (stat === undefined) return undefined
  // The command name may hold spaces and parentheses; the numbers start after its last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields[0] === "Z" ? undefined : Number(fields[19])
}

/** Absolute cgroup path by controller; the empty name is cgroup v2's. Undefined when the process is gone. */
export const cgroupsOf = (pid: number): ReadonlyMap<string, string> | undefined => {
  const text = readProc(pid, "cgroup")
  if (text === undefined) return undefined
  return new Map(
    text
      .trimEnd()
      .split("\n")
      .flatMap((line) => {
        const [, controllers = "", ...path] = line.split(":")
        return controllers.split(",").map((controller) => [controller.replace(/^name=/, ""), path.join(":")] as const)
      })
  )
}

/** Whether the process runs inside this cgroup (or below it), under any controller. */
export const isInCgroup = (pid: number, cgroupPath: string): boolean =>
  [...(cgroupsOf(pid)?.values() ?? [])].some((path) => path === cgroupPath || path.startsWith(`${cgroupPath}/`))

/** Sends a signal; false when there is no such process. */
export const sendSignal = (pid: number, signal: number): boolean => {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false
    throw error
  }
}

/** Command line of a process, split; empty when it is gone. */
export const commandLineOf = (pid: number): ReadonlyArray<string> => (readProc(pid, "cmdline") ?? "").split("\0")

/** The pid a file holds; 0 when there is none. */
export const recordedPid = (file: string): number => {
  try {
    const pid = Number(readFileSync(file, "utf8"))
    return Number.isInteger(pid) ? pid : 0
  } catch {
    // Nothing was started.
    return 0
  }
}

/** Whether this process is the monitor of the bundle: its command line names the folder. False for a zombie. */
export const isMonitorOf = (pid: number, bundleFolder: string): boolean =>
  pid > 0 && commandLineOf(pid).includes(bundleFolder)

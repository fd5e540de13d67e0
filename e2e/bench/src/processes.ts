import { readdirSync, readFileSync, writeFileSync } from "node:fs"

/** Memory of one or several processes: pages in RAM, and the same with shared pages divided among their users. */
export interface Memory {
  readonly rssMb: number
  readonly pssMb: number
}

const KB_PER_MB = 1024

/** Text of a file below /proc; empty when its process has just ended. */
const procText = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return ""
    throw error
  }
}

const kilobytes = (text: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0)

/** A process and all that descend from it. */
export const treeOf = (pid: number): ReadonlyArray<number> => [
  pid,
  ...procText(`/proc/${pid}/task/${pid}/children`)
    .split(" ")
    .filter((child) => child !== "")
    .flatMap((child) => treeOf(Number(child)))
]

/** Memory of these processes together, now. */
export const memoryOf = (pids: ReadonlyArray<number>): Memory => {
  const rollups = pids.map((pid) => procText(`/proc/${pid}/smaps_rollup`))
  const sum = (field: string) => rollups.reduce((all, text) => all + kilobytes(text, field), 0) / KB_PER_MB
  return { rssMb: sum("Rss"), pssMb: sum("Pss") }
}

/** Pids whose command line names this word, with the program's own name. */
export const processesNaming = (word: string): ReadonlyArray<{ readonly pid: number; readonly program: string }> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const words = procText(`/proc/${name}/cmdline`).split("\0")
      const program = words[0]?.split("/").at(-1) ?? ""
      return words.includes(word) ? [{ pid: Number(name), program }] : []
    })

/** Runs some work and says how far above its start a process's memory rose at the highest moment, in MB. */
export const growthDuring = async (pid: number, work: () => Promise<unknown>): Promise<number> => {
  const before = kilobytes(procText(`/proc/${pid}/status`), "VmRSS")
  // Sets the high-water mark back to what is resident now (proc_pid_clear_refs(5)).
  writeFileSync(`/proc/${pid}/clear_refs`, "5")
  await work()
  return (kilobytes(procText(`/proc/${pid}/status`), "VmHWM") - before) / KB_PER_MB
}

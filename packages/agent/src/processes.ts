import { readdirSync, readFileSync } from "node:fs"

/** One process as /proc tells it. */
export interface ProcessFacts {
  readonly pid: number
  readonly parent: number
  readonly uid: number
  readonly command: string
  readonly tty: number
  readonly userTicks: number
  readonly systemTicks: number
  readonly startTicks: number
  readonly residentPages: number
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // Processes end between the listing and the reading.
    return undefined
  }
}

const factsOf = (pid: number): ReadonlyArray<ProcessFacts> => {
  const stat = read(`/proc/${pid}/stat`)
  const status = read(`/proc/${pid}/status`)
  if (stat === undefined || status === undefined) return []
  const end = stat.lastIndexOf(")")
  const fields = stat.slice(end + 2).split(" ")
  const field = (index: number) => Number(fields[index] ?? 0)
  const line = (read(`/proc/${pid}/cmdline`) ?? "").replace(/\0$/, "").replaceAll("\0", " ")
  return [
    {
      pid,
      parent: field(1),
      uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
      command: line === "" ? `[${stat.slice(stat.indexOf("(") + 1, end)}]` : line,
      tty: field(4),
      userTicks: field(11),
      systemTicks: field(12),
      startTicks: field(19),
      residentPages: field(21)
    }
  ]
}

/**
 * The user's processes: everything in a container of our own (where only an init stands before us), else what descends
 * from us. Never ourselves and what stands before us.
 */
export const userProcesses = (): ReadonlyArray<ProcessFacts> => {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => factsOf(Number(name)))
  const own = new Set([process.pid, process.ppid])
  if (process.pid === 1 || process.ppid === 1) return all.filter(({ pid }) => !own.has(pid))
  const children = Map.groupBy(all, ({ parent }) => parent)
  const below = (pid: number): ReadonlyArray<ProcessFacts> =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child.pid)])
  return below(process.pid)
}

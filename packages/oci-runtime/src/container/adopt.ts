import { existsSync, readFileSync, statSync } from "node:fs"
import { type Bundle, bundleOf, type RuntimeFolders } from "./bundle.ts"
import { isInCgroup, startTicksOf } from "./processes.ts"
import type { Running } from "./launch.ts"

/** How a container ended. `finishedAtNanos` is when the monitor saw it. */
export interface Exit {
  readonly id: string
  readonly pid: number
  readonly exitCode: number
  readonly oomKilled: boolean
  readonly finishedAtNanos: bigint
}

export type ContainerNow =
  | { readonly _tag: "Running"; readonly running: Running }
  /** The runtime made it but its process was never let go: the starter died in between. */
  | { readonly _tag: "HalfStarted"; readonly pid: number }
  | { readonly _tag: "Exited"; readonly exit: Exit }
  | { readonly _tag: "Gone" }

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8").trim()
  } catch {
    // Absent is an answer here: the file marks that something has happened.
    return undefined
  }
}

const pidIn = (path: string): number => Number(readText(path) ?? "0")

/** The end the monitor recorded, or undefined while there is none. An empty file is a write in progress. */
export const readExit = (folders: RuntimeFolders, id: string): Exit | undefined => {
  const bundle = bundleOf(folders, id)
  const text = readText(bundle.exitFile)
  if (text === undefined || text === "") return undefined
  return {
    id,
    pid: pidIn(bundle.pidFile),
    exitCode: Number(text),
    oomKilled: existsSync(bundle.oomFile),
    finishedAtNanos: statSync(bundle.exitFile, { bigint: true }).mtimeNs
  }
}

const liveProcess = (bundle: Bundle, cgroupPath: string): number | undefined => {
  const pid = pidIn(bundle.pidFile)
  return pid > 0 && startTicksOf(pid) !== undefined && isInCgroup(pid, cgroupPath) ? pid : undefined
}

/** What is true of a container now, from its bundle alone: works after the daemon's death at any moment of a start. */
export const observe = (folders: RuntimeFolders, id: string, cgroupPath: string): ContainerNow => {
  const bundle = bundleOf(folders, id)
  const exit = readExit(folders, id)
  if (exit !== undefined) return { _tag: "Exited", exit }
  const pid = liveProcess(bundle, cgroupPath)
  if (pid === undefined) return { _tag: "Gone" }
  if (existsSync(bundle.startFifo)) return { _tag: "HalfStarted", pid }
  return {
    _tag: "Running",
    running: { id, pid, startTicks: startTicksOf(pid) ?? 0, monitorPid: pidIn(bundle.monitorPidFile) }
  }
}

import { killpoint } from "@sockerless/killpoints"
import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schedule } from "effect"
import { bundleOf, execPrefixOf, type RuntimeFolders } from "./bundle.ts"
import { killCgroup, processesIn, removeCgroup, setFrozen, isFrozen } from "./cgroups.ts"
import type { Tools } from "./detect.ts"
import { RuntimeFailed } from "./faults.ts"
import { removeFolder } from "./remove-folder.ts"
import { commandLineOf, isMonitorOf, recordedPid, sendSignal } from "./processes.ts"

/** A killed process leaves its cgroup within moments; after this many tries of 2 ms something holds it. */
const LEAVE_TRIES = 1000

const emptyCgroup = (tools: Tools, cgroupPath: string): Effect.Effect<void, RuntimeFailed> =>
  Effect.suspend(() => {
    if (processesIn(tools.cgroups, cgroupPath).length > 0) {
      if (isFrozen(tools.cgroups, cgroupPath)) setFrozen(tools.cgroups, cgroupPath, false)
      killCgroup(tools.cgroups, cgroupPath)
    }
    return removeCgroup(tools.cgroups, cgroupPath)
      ? Effect.void
      : Effect.fail(new RuntimeFailed({ step: `remove cgroup ${cgroupPath}`, reason: "processes are still in it" }))
  }).pipe(Effect.retry({ schedule: Schedule.spaced("2 millis"), times: LEAVE_TRIES }))

/**
 * Ends what still runs and gives back what an ended container holds in the kernel: processes, cgroup, runtime state.
 * The bundle and the exit file stay, because they are how an end is still known after a crash. Idempotent.
 */
export const release = Effect.fn("oci.release")(function* (
  tools: Tools,
  folders: RuntimeFolders,
  id: string,
  cgroupPath: string
): Effect.fn.Return<void, RuntimeFailed> {
  const bundle = bundleOf(folders, id)
  yield* emptyCgroup(tools, cgroupPath)
  killpoint("oci.release.after-cgroup")
  yield* Effect.sync(() => removeFolder(bundle.runtimeState))
})

const execFolders = (folders: RuntimeFolders, id: string): ReadonlyArray<string> =>
  existsSync(folders.execs) ? readdirSync(folders.execs).filter((name) => name.startsWith(execPrefixOf(id))) : []

/** As `release`, then forgets the container: monitor, bundle and exit file. Idempotent. */
export const remove = Effect.fn("oci.remove")(function* (
  tools: Tools,
  folders: RuntimeFolders,
  id: string,
  cgroupPath: string
): Effect.fn.Return<void, RuntimeFailed> {
  const bundle = bundleOf(folders, id)
  yield* release(tools, folders, id, cgroupPath)
  killpoint("oci.remove.before-bundle")
  yield* Effect.sync(() => {
    const monitor = recordedPid(bundle.monitorPidFile)
    if (isMonitorOf(monitor, bundle.folder)) sendSignal(monitor, 9)
    removeFolder(bundle.folder)
    for (const name of execFolders(folders, id)) removeFolder(join(folders.execs, name))
    rmSync(bundle.exitFile, { force: true })
  })
})

const processIds = (): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** Kills monitors and starters whose command line names this bundle: a crash between spawn and pid file leaves them. */
export const killStarters = (bundleFolder: string): number => {
  const found = processIds().filter((pid) => pid !== process.pid && commandLineOf(pid).includes(bundleFolder))
  for (const pid of found) sendSignal(pid, 9)
  return found.length
}

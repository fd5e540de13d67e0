import { readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import type { RuntimeFolders } from "./bundle.ts"
import { childCgroups } from "./cgroups.ts"
import type { Tools } from "./detect.ts"
import type { RuntimeFailed } from "./faults.ts"
import { commandLineOf, isMonitorOf, recordedPid, sendSignal } from "./processes.ts"
import { removeFolder } from "./remove-folder.ts"
import { remove } from "./remove.ts"

const names = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
  } catch {
    // Nothing was ever made there.
    return []
  }
}

/** Ids that appear as a bundle in the command line of a monitor or starter of ours. */
const idsWithProcesses = (folders: RuntimeFolders): ReadonlyMap<string, ReadonlyArray<number>> => {
  const found = new Map<string, Array<number>>()
  for (const name of names("/proc")) {
    if (!/^\d+$/.test(name)) continue
    const bundle = commandLineOf(Number(name)).find((part) => dirname(part) === folders.bundles)
    if (bundle === undefined) continue
    const id = bundle.slice(folders.bundles.length + 1)
    found.set(id, [...(found.get(id) ?? []), Number(name)])
  }
  return found
}

/** An exec whose monitor is gone is over, and the daemon that would have told its end is gone too. */
const forgetEndedExecs = (folders: RuntimeFolders): void => {
  for (const name of names(folders.execs)) {
    const folder = join(folders.execs, name)
    if (isMonitorOf(recordedPid(join(folder, "conmon.pid")), folder)) continue
    removeFolder(folder)
  }
}

/**
 * Removes everything of ours whose container id is not in `keep`: monitors, processes, cgroups, runtime state,
 * bundles, exit files. What others own is never looked at. Returns the ids that were removed.
 */
export const sweep = Effect.fn("oci.sweep")(function* (
  tools: Tools,
  folders: RuntimeFolders,
  cgroupParent: string,
  keep: ReadonlySet<string>
): Effect.fn.Return<ReadonlyArray<string>, RuntimeFailed> {
  const processes = idsWithProcesses(folders)
  const ids = new Set([
    ...names(folders.bundles),
    ...names(folders.exits),
    ...names(folders.runtimeState),
    ...childCgroups(tools.cgroups, cgroupParent),
    ...processes.keys()
  ])
  const leftovers = [...ids].filter((id) => /^[0-9a-f]{64}$/.test(id) && !keep.has(id))
  for (const id of leftovers) {
    for (const pid of processes.get(id) ?? []) sendSignal(pid, 9)
    yield* remove(tools, folders, id, join(cgroupParent, id))
  }
  yield* Effect.sync(() => forgetEndedExecs(folders))
  return leftovers
})

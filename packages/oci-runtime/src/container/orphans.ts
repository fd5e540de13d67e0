import { existsSync, renameSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { readExit } from "./adopt.ts"
import { bundleOf, type RuntimeFolders } from "./bundle.ts"
import { isFrozen, killCgroup, setFrozen } from "./cgroups.ts"
import type { Tools } from "./detect.ts"
import { RuntimeFailed, reasonOf } from "./faults.ts"
import { isMonitorOf, recordedPid } from "./processes.ts"

/** What is told of a container whose monitor was killed: its output and its end can no longer be seen. */
const ORPHAN_EXIT_CODE = 137

/**
 * Ends a container whose monitor is dead without having written an exit file: its processes are killed and the end is
 * written where the monitor would have written it. True when that was so. Does nothing to a container whose process
 * was never made, whose monitor lives, or whose end is known.
 */
export const endOrphan = (
  tools: Tools,
  folders: RuntimeFolders,
  id: string,
  cgroupPath: string
): Effect.Effect<boolean, RuntimeFailed> =>
  Effect.try({
    try: () => {
      const bundle = bundleOf(folders, id)
      const monitorPid = recordedPid(bundle.monitorPidFile)
      if (monitorPid === 0 || recordedPid(bundle.pidFile) === 0 || isMonitorOf(monitorPid, bundle.folder)) return false
      // Never let go: a start that died half-way, which is undone, not told as an end.
      if (existsSync(bundle.startFifo)) return false
      // Asked after the monitor was seen dead: the exit file is its last act.
      if (readExit(folders, id) !== undefined) return false
      if (isFrozen(tools.cgroups, cgroupPath)) setFrozen(tools.cgroups, cgroupPath, false)
      killCgroup(tools.cgroups, cgroupPath)
      const draft = `${bundle.exitFile}.orphan`
      writeFileSync(draft, String(ORPHAN_EXIT_CODE))
      renameSync(draft, bundle.exitFile)
      return true
    },
    catch: (cause) => new RuntimeFailed({ step: `end container ${id}, whose monitor is dead`, reason: reasonOf(cause) })
  })

import type { RuntimeFolders } from "./bundle.ts"
import type { Tools } from "./detect.ts"

/** What puts a command where the OCI runtime can work: beside the monitor when the v2 cgroup mount is hidden. */
export const besideMonitor = (tools: Tools, monitorPid: number): ReadonlyArray<string> =>
  tools.hidesUnifiedCgroup ? ["nsenter", "-m", "-t", String(monitorPid)] : []

/** The command that runs the OCI runtime on a container. */
export const runtimeCommand = (tools: Tools, folders: RuntimeFolders, monitorPid: number): ReadonlyArray<string> => [
  ...besideMonitor(tools, monitorPid),
  tools.runtime.path,
  "--root",
  folders.runtimeState
]

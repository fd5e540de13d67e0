import { join } from "node:path"

/** Where the Linux side keeps what it needs to find a container again. All on a tmpfs that ends with the machine. */
export interface RuntimeFolders {
  /** One folder per container. */
  readonly bundles: string
  /** conmon writes `<exits>/<id>` when a container ends. */
  readonly exits: string
  /** One folder per exec with a terminal. Its path is kept short: it holds a socket. */
  readonly execs: string
  /** State of crun or runc. */
  readonly runtimeState: string
}

/** Every path of one container, derived from its id. */
export const bundleOf = (folders: RuntimeFolders, id: string) => {
  const folder = join(folders.bundles, id)
  return {
    folder,
    rootfs: join(folder, "rootfs"),
    config: join(folder, "config.json"),
    pidFile: join(folder, "pidfile"),
    monitorPidFile: join(folder, "conmon.pid"),
    runtimeLog: join(folder, "runtime.log"),
    runtimeWrapper: join(folder, "runtime"),
    stdin: join(folder, "stdin"),
    attachSocket: join(folder, "attach"),
    control: join(folder, "ctl"),
    oomFile: join(folder, "oom"),
    exitFile: join(folders.exits, id),
    /** Present between the runtime's `create` and `start`. */
    startFifo: join(folders.runtimeState, id, "exec.fifo"),
    runtimeState: join(folders.runtimeState, id)
  }
}

export type Bundle = ReturnType<typeof bundleOf>

/** Characters of a container's id that mark its execs' folders. */
const OWNER_CHARACTERS = 12

/** Start of the names of a container's exec folders. */
export const execPrefixOf = (containerId: string): string => `${containerId.slice(0, OWNER_CHARACTERS)}-`

/** Every path of one exec with a terminal. */
export const execFolderOf = (folders: RuntimeFolders, containerId: string, execId: string) => {
  const folder = join(folders.execs, `${execPrefixOf(containerId)}${execId.slice(0, 12)}`)
  return {
    folder,
    process: join(folder, "process.json"),
    pidFile: join(folder, "pidfile"),
    monitorPidFile: join(folder, "conmon.pid"),
    runtimeLog: join(folder, "runtime.log"),
    attachSocket: join(folder, "attach"),
    control: join(folder, "ctl")
  }
}

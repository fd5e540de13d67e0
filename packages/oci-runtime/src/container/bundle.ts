import { join } from "node:path"

/** Where the Linux side keeps what it needs to find a container again. All on a tmpfs that ends with the machine. */
export interface RuntimeFolders {
  /** One folder per container. */
  readonly bundles: string
  /** conmon writes `<exits>/<id>` when a container ends. */
  readonly exits: string
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

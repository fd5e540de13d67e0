import { join } from "node:path"
import type { LocalOptions } from "./options.ts"

/** Every path this backend uses, derived from the container id alone, so that a crash loses no path. */
export const pathsOf = (options: Pick<LocalOptions, "dataRoot" | "execRoot">) => {
  const containers = join(options.dataRoot, "containers")
  const bundles = join(options.execRoot, "bundles")
  return {
    containers,
    bundles,
    /** Folders of removed containers on their way out. */
    removed: join(options.dataRoot, "removed"),
    exits: join(options.execRoot, "exits"),
    execs: join(options.execRoot, "execs"),
    volumes: join(options.dataRoot, "volumes"),
    container: (id: string) => {
      const folder = join(containers, id)
      return {
        folder,
        upper: join(folder, "upper"),
        work: join(folder, "work"),
        hosts: join(folder, "hosts"),
        hostname: join(folder, "hostname"),
        resolvConf: join(folder, "resolv.conf"),
        log: join(folder, "container.log"),
        terminalLog: (execId: string) => join(folder, `exec-${execId.slice(0, 12)}.log`)
      }
    },
    bundle: (id: string) => join(bundles, id),
    /** What a running container was started with; recovery needs no other record. */
    launchRecord: (id: string) => join(bundles, id, "launch.json"),
    volume: (name: string) => join(options.dataRoot, "volumes", name)
  }
}

export type Paths = ReturnType<typeof pathsOf>

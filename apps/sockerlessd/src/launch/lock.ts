import { inheritable, tryLock } from "@sockerless/libc"
import { openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Config } from "../config/config.ts"
import type { Wrong } from "../config/hosts.ts"

const pidOf = (pidfile: string): string => {
  try {
    return `pid ${readFileSync(pidfile, "utf8").trim()}`
  } catch {
    // Only words for a message: without a pid file the reader learns less, and nothing else changes.
    return "its pid file is gone"
  }
}

/**
 * Takes the data root for this process and all that inherit the descriptor: supervisor and daemon. The kernel frees it
 * when the last of them is dead, so no crash leaves a stale lock.
 */
export const lockDataRoot = (config: Config): { readonly fd: number } | Wrong => {
  const fd = openSync(join(config.dataRoot, "lock"), "a", 0o600)
  if (!tryLock(fd)) {
    return {
      wrong: `another sockerlessd uses the data root ${config.dataRoot} (${pidOf(config.pidfile)}); end it first, or choose another --data-root and --exec-root`
    }
  }
  inheritable(fd)
  return { fd }
}

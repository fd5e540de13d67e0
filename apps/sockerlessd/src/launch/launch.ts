import { execve } from "@sockerless/libc"
import { spawnSync } from "node:child_process"
import { accessSync, constants, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Config } from "../config/config.ts"
import type { Wrong } from "../config/hosts.ts"
import { LAUNCH_ORDER, type LaunchFiles, type LaunchOrder } from "./launch-order.ts"
import { lockDataRoot } from "./lock.ts"
import { hideUnifiedScript, isHybridCgroup, isMountPoint } from "./mount-namespace.ts"
import { holdSockets } from "./sockets.ts"

/** V8's settings for a small daemon; the figures are in docs/decisions. */
const NODE_FLAGS = "--max-semi-space-size=2 --v8-pool-size=2 --disable-warning=ExperimentalWarning"

const makeFolders = (config: Config) => {
  mkdirSync(config.dataRoot, { recursive: true, mode: 0o710 })
  mkdirSync(config.execRoot, { recursive: true, mode: 0o711 })
  mkdirSync(dirname(config.pidfile), { recursive: true, mode: 0o755 })
}

/** `ip netns add` would make this mount in our namespace only; made before, it stays visible to the host. */
const shareNetworkNamespaces = () => {
  mkdirSync("/run/netns", { recursive: true, mode: 0o755 })
  if (isMountPoint("/run/netns")) return
  const script = "mount --bind /run/netns /run/netns && mount --make-shared /run/netns"
  spawnSync("/bin/sh", ["-c", script], { stdio: ["ignore", "inherit", "inherit"] })
}

/** Compiled code is kept beside the code, for every data root; beside the data where the code may not be written to. */
const compileCache = (config: Config, files: LaunchFiles): string => {
  const folder = dirname(files.daemon)
  try {
    accessSync(folder, constants.W_OK)
    return join(folder, "compile-cache")
  } catch {
    // Read-only is no error: it only decides about the place.
    return join(config.dataRoot, "compile-cache")
  }
}

/**
 * Binds the sockets and becomes the supervisor by execve, so that nothing of Node stays behind. Returns only when
 * something is wrong.
 */
export const launch = async (config: Config, files: LaunchFiles): Promise<Wrong> => {
  if (process.getuid?.() !== 0) {
    return {
      wrong:
        "sockerlessd needs root to make containers: start it with sudo. The docker CLI needs only the socket's group"
    }
  }
  makeFolders(config)
  const lock = lockDataRoot(config)
  if ("wrong" in lock) return lock
  const sockets = await holdSockets(config)
  if ("wrong" in sockets) return sockets
  const readyFile = join(config.execRoot, "sockerlessd.ready")
  const order: LaunchOrder = { config, tls: config.tls, sockets, readyFile }
  const hybrid = isHybridCgroup()
  if (hybrid) shareNetworkNamespaces()
  const environment = {
    ...process.env,
    LISTEN_PID: undefined,
    LISTEN_FDS: undefined,
    LISTEN_FDNAMES: undefined,
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? compileCache(config, files),
    [LAUNCH_ORDER]: JSON.stringify(order),
    SUPERVISE_NODE: process.execPath,
    SUPERVISE_FLAGS: NODE_FLAGS,
    SUPERVISE_DAEMON: files.daemon,
    SUPERVISE_PIDFILE: config.pidfile,
    SUPERVISE_READY: readyFile,
    SUPERVISE_HYBRID: hybrid ? hideUnifiedScript : ""
  }
  const supervisor = ["/bin/sh", files.supervisor]
  if (!hybrid) return execve("/bin/sh", supervisor, environment)
  return execve("/usr/bin/unshare", ["unshare", "--mount", "--propagation", "unchanged", ...supervisor], environment)
}

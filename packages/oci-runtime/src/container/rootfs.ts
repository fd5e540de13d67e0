import { spawn } from "node:child_process"
import { Effect, type Scope } from "effect"
import { RuntimeFailed } from "./faults.ts"
import { overlayOptions } from "./launch.ts"
import type { MountRequest, RootfsSpec } from "./spec.ts"

/**
 * Mounts a stopped container's root and holds it until stdin closes, so it is gone when the daemon is. $1: overlay
 * options, $2: folder to mount on; then pairs of source and destination for volumes and binds. A destination that is
 * missing or leads through a link is left out: the helper must not create anything outside the root.
 */
const HOLD = `set -e
mount -t overlay -o "$1" overlay "$2"
root=$2; shift 2
while [ $# -gt 1 ]; do
  if [ "$(readlink -f "$root$2")" = "$root$2" ] && [ -e "$root$2" ]; then mount --bind "$1" "$root$2"; fi
  shift 2
done
echo ready
exec cat`

/**
 * The root of a container that does not run, with its volumes and binds, as a path below /proc that only helpers of
 * this daemon follow. Unmounted when the scope closes.
 */
export const mountStopped = (
  rootfs: RootfsSpec,
  mounts: ReadonlyArray<MountRequest>,
  mountpoint: string
): Effect.Effect<string, RuntimeFailed, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly pid: number; readonly end: () => void }, RuntimeFailed>((resume) => {
        const binds = mounts.flatMap((mount) => (mount.type === "bind" ? [mount.source, mount.destination] : []))
        const child = spawn(
          "unshare",
          ["-m", "--propagation", "slave", "sh", "-c", HOLD, "hold", overlayOptions(rootfs), mountpoint, ...binds],
          { cwd: rootfs.layersFolder, stdio: ["pipe", "pipe", "pipe"] }
        )
        let complaints = ""
        child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text))
        child.stdout.once("data", () =>
          resume(Effect.succeed({ pid: child.pid ?? 0, end: () => void child.stdin.end() }))
        )
        child.once("error", (error) =>
          resume(Effect.fail(new RuntimeFailed({ step: "mount the container's root", reason: error.message })))
        )
        child.once("exit", (code) =>
          resume(
            Effect.fail(
              new RuntimeFailed({
                step: "mount the container's root",
                reason: complaints.trim() || `exit code ${code}`
              })
            )
          )
        )
      }),
      (holder) => Effect.sync(holder.end)
    ),
    (holder) => `/proc/${holder.pid}/root${mountpoint}`
  )

import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Why network tests cannot run here; undefined when they can. */
export const missing: string | undefined =
  process.getuid?.() !== 0
    ? "needs root"
    : !existsSync("/bin/busybox")
      ? "needs busybox-static"
      : spawnSync("nft", ["--version"]).status !== 0
        ? "needs nftables"
        : spawnSync("unshare", ["-n", "true"]).status !== 0
          ? "needs network namespaces"
          : undefined

/** What a scenario printed: one line per fact that was seen, and how it ended. */
export interface Seen {
  readonly facts: ReadonlyArray<string>
  readonly ended: number | string
  readonly stderr: string
}

/**
 * Runs one scenario in network, mount and pid namespaces of its own: the host stays untouched, and everything the
 * scenario started dies with it.
 */
export const inOwnMachine = (scenario: string, env: Readonly<Record<string, string>> = {}): Promise<Seen> =>
  new Promise((resolve) => {
    const file = fileURLToPath(new URL(`./scenarios/${scenario}.ts`, import.meta.url))
    const script = 'mount -t tmpfs none /run && mount -t proc proc /proc && ip link set lo up && exec "$0" "$1"'
    execFile(
      "unshare",
      [
        "-n",
        "-m",
        "-p",
        "--fork",
        "--kill-child",
        "--propagation",
        "private",
        "sh",
        "-c",
        script,
        process.execPath,
        file
      ],
      { env: { ...process.env, ...env }, timeout: 60_000 },
      (error, stdout, stderr) =>
        resolve({
          facts: stdout.split("\n").filter((line) => line !== ""),
          ended: error === null ? 0 : (error.code ?? error.signal ?? "unknown"),
          stderr
        })
    )
  })

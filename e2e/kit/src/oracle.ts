import { execFile, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { promisify } from "node:util"
import { removeContainers } from "./api.ts"
import { type Daemon, pingUntilReady } from "./daemon.ts"
import { dockerCli } from "./docker.ts"
import { until } from "./until.ts"

const execute = promisify(execFile)

/** The folder with `dockerd` and `containerd`: `SOCKERLESS_ORACLE_DIR` or PATH; undefined when there is none. */
export const findOracle = (): string | undefined => {
  const given = process.env["SOCKERLESS_ORACLE_DIR"]
  const folders = given === undefined ? (process.env["PATH"] ?? "").split(delimiter) : given.split(delimiter)
  return folders.some((folder) => existsSync(join(folder, "dockerd"))) ? folders.join(delimiter) : undefined
}

/**
 * Starts a dockerd with private folders and in a network namespace of its own, so that it touches no rule and no
 * bridge of this machine. Clients reach it through its socket; published ports are reached in its namespace.
 */
export const startOracle = async (
  args: ReadonlyArray<string> = [],
  folder = mkdtempSync(join(tmpdir(), "oracle-"))
): Promise<Daemon> => {
  const oracle = findOracle()
  if (oracle === undefined) throw new Error("no dockerd here: set SOCKERLESS_ORACLE_DIR to its folders")
  const socket = join(folder, "docker.sock")
  const pidfile = join(folder, "pid")
  const config = join(folder, "daemon.json")
  writeFileSync(config, "{}")
  const child = spawn(
    "unshare",
    [
      "--net",
      "sh",
      "-c",
      'ip link set lo up; echo 1 >/proc/sys/net/ipv4/ip_forward; exec "$@"',
      "sh",
      "dockerd",
      ...["-H", `unix://${socket}`, "--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")],
      ...["--pidfile", pidfile, "--config-file", config, ...args]
    ],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, PATH: `${oracle}${delimiter}${process.env["PATH"]}` }
    }
  )
  let log = ""
  let ended: string | undefined
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString()
  })
  child.once("exit", (code) => {
    ended = `exit code ${code}\n${log}`
  })
  await pingUntilReady("dockerd", socket, () => ended)
  const docker = dockerCli(`unix://${socket}`)
  const kill = async () => {
    child.kill("SIGTERM")
    await until("dockerd has ended", () => ended, 30_000)
  }
  return {
    name: "dockerd",
    folder,
    socket,
    docker,
    pid: () => Number(readFileSync(pidfile, "utf8")),
    log: () => log,
    kill,
    stop: async () => {
      await removeContainers(socket)
      await kill()
      // containerd's helpers leave the daemon's own network namespace mounted.
      for (const name of await readdir(join(folder, "exec/netns")).catch(() => [])) {
        await execute("umount", [join(folder, "exec/netns", name)])
      }
      await rm(folder, { recursive: true, force: true })
    }
  }
}

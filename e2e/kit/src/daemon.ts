import { execFile, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { removeContainers } from "./api.ts"
import { type Docker, dockerCli } from "./docker.ts"
import { until } from "./until.ts"

const execute = promisify(execFile)

export interface DaemonOptions {
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** Keeps the folders of an earlier daemon. */
  readonly folder?: string
}

/** A daemon under test, with everything of it below one folder. */
export interface Daemon {
  readonly name: string
  readonly folder: string
  readonly socket: string
  readonly docker: Docker
  /** Pid of the process that answers now. */
  readonly pid: () => number
  readonly log: () => string
  /** SIGKILL, then gone: daemon and supervisor. Containers go on. */
  readonly kill: () => Promise<void>
  /** Ends the daemon and removes all it made: containers, networks, files. */
  readonly stop: () => Promise<void>
}

/** Output of a tool whose failure means "nothing there". */
const ask = (program: string, args: ReadonlyArray<string>): Promise<string> =>
  execute(program, [...args]).then(
    ({ stdout }) => stdout,
    () => ""
  )

/** Takes away what a daemon leaves in the kernel when it is killed: its namespaces, bridges and rules carry its mark. */
export const removeTraces = async (dataRoot: string): Promise<void> => {
  const file = join(dataRoot, "instance-id")
  if (!existsSync(file)) return
  const mark = readFileSync(file, "utf8").slice(0, 6)
  const namespaces = (await ask("ip", ["netns", "list"])).match(new RegExp(`^slk-${mark}-\\S+`, "gm")) ?? []
  for (const name of namespaces) await ask("ip", ["netns", "del", name])
  const group = 0x51_00_00_00 + Number.parseInt(mark, 16)
  await ask("ip", ["link", "del", "group", String(group)])
  await ask("ip", ["link", "del", `sl-${mark}`])
  await ask("nft", ["delete", "table", "ip", `sockerless-${mark}`])
  const cgroups = await ask("find", ["/sys/fs/cgroup", "-depth", "-type", "d", "-path", `*/sockerless-${mark}*`])
  for (const cgroup of cgroups.split("\n").filter((path) => path !== "")) await ask("rmdir", [cgroup])
}

const alive = (pid: number): boolean => {
  // A zombie has no memory map; its parent may take its time.
  return pid > 0 && existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/status`, "utf8").includes("VmRSS")
}

const killAndAwait = async (pid: number): Promise<void> => {
  if (!alive(pid)) return
  process.kill(pid, "SIGKILL")
  await until(`process ${pid} is gone`, () => (alive(pid) ? undefined : true))
}

/** Children of a process, also those its pid file does not name yet. */
const childrenOf = (pid: number): ReadonlyArray<number> =>
  alive(pid)
    ? readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number)
    : []

/** Ends supervisor and daemon; the supervisor is held still first, so that it starts no other daemon meanwhile. */
const killBoth = async (pidfile: string): Promise<void> => {
  const supervisor = numberIn(`${pidfile}.supervisor`)
  if (alive(supervisor)) process.kill(supervisor, "SIGSTOP")
  const daemons = new Set([...childrenOf(supervisor), numberIn(pidfile)])
  for (const daemon of daemons) await killAndAwait(daemon)
  await killAndAwait(supervisor)
}

const numberIn = (file: string): number => (existsSync(file) ? Number(readFileSync(file, "utf8")) : 0)

const ready = (socket: string): Promise<true | undefined> =>
  ask("curl", ["-sf", "--max-time", "2", "--unix-socket", socket, "http://docker/_ping"]).then((text) =>
    text === "OK" ? true : undefined
  )

export const pingUntilReady = (what: string, socket: string, ended: () => string | undefined): Promise<true> =>
  until(
    `${what} answers`,
    () => {
      const reason = ended()
      if (reason !== undefined) throw new Error(`${what} ended: ${reason}`)
      return ready(socket)
    },
    30_000
  )

const program = new URL("../../../apps/sockerlessd/dist/main.js", import.meta.url).pathname

/** Starts the built daemon with private folders and waits until it answers and has recovered. */
export const startSockerlessd = async (options: DaemonOptions = {}): Promise<Daemon> => {
  if (!existsSync(program)) throw new Error("apps/sockerlessd is not built: run pnpm build")
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "sl-"))
  const socket = join(folder, "docker.sock")
  const pidfile = join(folder, "pid")
  const paths = ["-H", `unix://${socket}`, "--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")]
  const args = [program, ...paths, "--pidfile", pidfile, "--log-format", "json", ...(options.args ?? [])]
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...options.env },
    detached: true
  })
  let log = ""
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString()
  })
  let ended: string | undefined
  child.once("exit", (code) => {
    ended = `exit code ${code}\n${log}`
  })
  await until(
    "the daemon is ready",
    () => {
      if (ended !== undefined) throw new Error(`the daemon ended: ${ended}`)
      return log.includes('"msg":"ready"') ? true : undefined
    },
    30_000
  )
  const docker = dockerCli(`unix://${socket}`)
  const kill = () => killBoth(pidfile)
  return {
    name: "sockerlessd",
    folder,
    socket,
    docker,
    pid: () => numberIn(pidfile),
    log: () => log,
    kill,
    stop: async () => {
      if (!alive(numberIn(pidfile))) throw new Error(`the daemon was dead when it was to be stopped:\n${log}`)
      try {
        await removeContainers(socket)
      } finally {
        await kill()
      }
      await removeTraces(join(folder, "data"))
      await rm(folder, { recursive: true, force: true })
    }
  }
}

import { until } from "@sockerless/e2e-kit"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { existsSync, mkdtempSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const execute = promisify(execFile)
const program = join(import.meta.dirname, "../../../apps/cloudsim/bin/cloudsim.mjs")

/** Why workloads cannot run here; undefined when they can. */
export const noWorkloads: string | undefined =
  process.getuid?.() !== 0
    ? "needs root"
    : ["/usr/bin/conmon", "/usr/libexec/podman/conmon"].some((path) => existsSync(path))
      ? undefined
      : "needs conmon"

/** The built simulator as a process of its own, with everything of it below one folder. */
export interface Cloudsim {
  readonly folder: string
  /** The lines it printed at its start. */
  readonly environment: () => Readonly<Record<string, string>>
  /** SIGKILL; workloads go on. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same folder. */
  readonly start: () => Promise<void>
  /** Ends it and gives the machine back. */
  readonly stop: () => Promise<void>
}

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  readonly environment: Readonly<Record<string, string>>
}

const launch = async (args: ReadonlyArray<string>): Promise<Running> => {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] })
  const ended = new Promise((resolve) => {
    child.once("exit", resolve)
  })
  let [stdout, stderr] = ["", ""]
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
  await until(
    "the simulator is ready",
    () => {
      if (child.exitCode !== null) throw new Error(`the simulator ended: ${stderr}`)
      return stderr.includes("is ready") ? true : undefined
    },
    60_000
  )
  const environment = Object.fromEntries([...stdout.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
  return { child, ended, environment }
}

/** Starts `cloudsim aws` on a free port in a folder of its own. */
export const startCloudsim = async (): Promise<Cloudsim> => {
  const folder = mkdtempSync(join(tmpdir(), "cloudsim-"))
  const args = ["aws", "--state-dir", folder, "--port", "0"]
  let running = await launch(args)
  const kill = async (): Promise<void> => {
    running.child.kill("SIGKILL")
    await running.ended
  }
  return {
    folder,
    environment: () => running.environment,
    kill,
    start: async () => {
      running = await launch(args)
    },
    stop: async () => {
      await kill()
      await execute(process.execPath, [program, ...args, "--remove"])
      await rm(folder, { recursive: true, force: true })
    }
  }
}

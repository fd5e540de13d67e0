import { spawn, spawnSync } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Hub } from "./server.ts"

export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program and reads all it says; what it exits with is part of the answer. */
export const command = (
  program: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly input?: string }
): Promise<Result> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { cwd: options.cwd, env: options.env, stdio: ["pipe", "pipe", "pipe"] })
    const out: Array<Buffer> = []
    const err: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk))
    child.on("error", reject)
    child.on("close", (code) =>
      resolve({
        code: code ?? 128,
        stdout: Buffer.concat(out).toString("utf8"),
        stderr: Buffer.concat(err).toString("utf8")
      })
    )
    // A program may end without reading what it is given; its exit code tells what that means.
    child.stdin.on("error", () => undefined)
    child.stdin.end(options.input ?? "")
  })

/** Somebody at a terminal: a home folder, a working folder, gh and git logged in to a hub. */
export interface Desk {
  readonly home: string
  readonly env: NodeJS.ProcessEnv
  /** Runs gh and fails unless it exits with 0; returns what it printed. */
  readonly gh: (args: ReadonlyArray<string>, options?: RunOptions) => Promise<string>
  /** Runs gh whatever it exits with. */
  readonly tryGh: (args: ReadonlyArray<string>, options?: RunOptions) => Promise<Result>
  /** Runs git and fails unless it exits with 0; returns what it printed. */
  readonly git: (args: ReadonlyArray<string>, options?: RunOptions) => Promise<string>
  readonly tryGit: (args: ReadonlyArray<string>, options?: RunOptions) => Promise<Result>
  /** Writes a file below the home folder. */
  readonly write: (path: string, text: string) => Promise<void>
}

export interface RunOptions {
  /** Below the home folder. */
  readonly in?: string
  readonly input?: string
}

const gitConfig = (authority: string): string => `[user]
	name = Mona Lisa
	email = mona@example.com
[init]
	defaultBranch = main
[http]
	sslCAInfo = ${authority}
[credential]
	helper = "!f() { echo username=x-access-token; echo password=$GH_ENTERPRISE_TOKEN; }; f"
[advice]
	detachedHead = false
`

const checked = async (name: string, result: Result): Promise<string> => {
  if (result.code !== 0) throw new Error(`${name} exited with ${result.code}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

/** Sits somebody down at a desk; `token` is hers. */
export const sitDown = async (hub: Hub, name: string, token: string): Promise<Desk> => {
  const home = join(hub.folder, name)
  await mkdir(home, { recursive: true })
  await writeFile(join(home, ".gitconfig"), gitConfig(hub.started.authorityFile))
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: home,
    LC_ALL: "C",
    TZ: "UTC",
    NO_COLOR: "1",
    GH_HOST: hub.host,
    GH_ENTERPRISE_TOKEN: token,
    GH_PROMPT_DISABLED: "1",
    GH_NO_UPDATE_NOTIFIER: "1",
    SSL_CERT_FILE: hub.started.authorityFile,
    GIT_TERMINAL_PROMPT: "0"
  }
  const run = (program: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Result> =>
    command(program, args, {
      cwd: options.in === undefined ? home : join(home, options.in),
      env,
      ...(options.input !== undefined && { input: options.input })
    })
  return {
    home,
    env,
    tryGh: (args, options) => run("gh", args, options),
    tryGit: (args, options) => run("git", args, options),
    gh: async (args, options) => checked(`gh ${args.join(" ")}`, await run("gh", args, options)),
    git: async (args, options) => checked(`git ${args.join(" ")}`, await run("git", args, options)),
    write: async (path, text) => {
      await mkdir(join(home, path, ".."), { recursive: true })
      await writeFile(join(home, path), text)
    }
  }
}

const whyNoGh = (): string | undefined =>
  spawnSync("gh", ["--version"]).status === 0 ? undefined : "gh is not installed (Debian: apt install gh)"

/** Whether gh is on this machine and port 443 of loopback may be used; otherwise says why not, once. */
export const hasGh = (): boolean => {
  const reason = process.getuid?.() === 0 ? whyNoGh() : "port 443 needs root"
  if (reason !== undefined) process.stderr.write(`skipped: ${reason}\n`)
  return reason === undefined
}

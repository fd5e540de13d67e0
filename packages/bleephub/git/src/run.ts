import { spawn } from "node:child_process"

/** Git refused or failed; `stderr` is what it said. */
export class GitFailed extends Error {
  readonly kind = "failed"
  readonly code: number
  readonly stdout: string
  readonly stderr: string

  constructor(args: ReadonlyArray<string>, code: number, stdout: string, stderr: string) {
    super(`git ${args.join(" ")}: ${stderr.trim() || `exit ${code}`}`)
    this.code = code
    this.stdout = stdout
    this.stderr = stderr
  }
}

export interface RunOptions {
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
  /** Exit codes that are answers and not failures. */
  readonly allow?: ReadonlyArray<number>
}

export interface RunResult {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: string
}

/** The environment of every git we start: nobody's configuration but ours, and no questions. */
export const gitEnvironment = (more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  ...more
})

/** Runs git in a bare repository and reads all it says. */
export const run = (directory: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<RunResult> =>
  new Promise((resolve, reject) => {
    const child = spawn("git", [...args], {
      cwd: directory,
      env: gitEnvironment({ GIT_DIR: directory, ...options.env }),
      stdio: ["pipe", "pipe", "pipe"]
    })
    const stdout: Array<Buffer> = []
    const stderr: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk))
    // Git may end without reading its input; its exit code tells what that means.
    child.stdin.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") reject(error)
    })
    child.on("error", reject)
    child.on("close", (code) => {
      const result = {
        code: code ?? 128,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString("utf8")
      }
      if (result.code === 0 || options.allow?.includes(result.code) === true) resolve(result)
      else reject(new GitFailed(args, result.code, result.stdout.toString("utf8"), result.stderr))
    })
    child.stdin.end(options.input)
  })

/** Runs git and returns its output as text without the last line's end. */
export const text = async (directory: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<string> =>
  (await run(directory, args, options)).stdout.toString("utf8").replace(/\n$/, "")

import { spawn as spawnTerminal } from "@lydell/node-pty"
import { spawn } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** How one run of the docker CLI ended. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Bytes for standard input; it is closed afterwards. Without it, standard input is empty. */
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
  /** Takes standard output as it comes, for bytes that are no text or too many; the outcome's is empty then. */
  readonly onStdout?: (chunk: Buffer) => void
  /** Kills the client after this long; 50 s unless told. */
  readonly millis?: number
}

/** A client in a terminal of its own. */
export interface Terminal {
  /** Everything shown so far. */
  readonly screen: () => string
  readonly type: (text: string) => void
  readonly resize: (columns: number, rows: number) => void
  readonly ended: Promise<number>
}

/** A client that runs on, for following and waiting. */
export interface Background {
  readonly stdout: () => string
  readonly stderr: () => string
  readonly write: (input: string | Buffer) => void
  readonly endInput: () => void
  readonly kill: () => void
  readonly signal: (name: NodeJS.Signals) => void
  readonly ended: Promise<Outcome>
}

/** The real docker CLI pointed at one daemon. */
export interface Docker {
  readonly host: string
  readonly run: (args: ReadonlyArray<string>, options?: RunOptions) => Promise<Outcome>
  /** As `run`, fails unless the exit code is 0, and gives standard output without its last line end. */
  readonly ok: (...args: ReadonlyArray<string>) => Promise<string>
  readonly background: (...args: ReadonlyArray<string>) => Background
  readonly terminal: (args: ReadonlyArray<string>, size?: { columns: number; rows: number }) => Terminal
}

const DEADLINE_MILLIS = 50_000

const backgroundOf = (
  program: string,
  args: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv,
  onStdout?: (chunk: Buffer) => void
): Background => {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env })
  const out: Array<Buffer> = []
  const err: Array<Buffer> = []
  const text = (chunks: ReadonlyArray<Buffer>) => Buffer.concat(chunks).toString("utf8")
  child.stdout.on("data", onStdout ?? ((chunk: Buffer) => out.push(chunk)))
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk))
  // A client that ends before it has read everything closes the pipe; that is its right.
  child.stdin.on("error", () => undefined)
  return {
    stdout: () => text(out),
    stderr: () => text(err),
    write: (input) => void child.stdin.write(input),
    endInput: () => child.stdin.end(),
    kill: () => void child.kill("SIGKILL"),
    signal: (name) => void child.kill(name),
    ended: new Promise((resolve, reject) => {
      child.once("error", reject)
      child.once("close", (code, signal) => {
        const killed = signal === null ? "" : `\n(killed by ${signal})`
        resolve({ code: code ?? -1, stdout: text(out), stderr: text(err) + killed })
      })
    })
  }
}

/** The docker CLI that tests run: the one on PATH unless `SOCKERLESS_DOCKER` names another. */
export const dockerProgram = process.env["SOCKERLESS_DOCKER"] ?? "docker"

/** Beside the daemon's socket, so that it goes when the daemon's folder goes. */
const configurationFor = (host: string): string =>
  mkdtempSync(join(host.startsWith("unix://") ? dirname(host.slice("unix://".length)) : tmpdir(), "docker-config-"))

/** The docker CLI with a configuration folder of its own. */
export const dockerCli = (host: string, extra: Readonly<Record<string, string>> = {}): Docker => {
  const program = dockerProgram
  const env = {
    ...process.env,
    DOCKER_HOST: host,
    DOCKER_CONFIG: configurationFor(host),
    DOCKER_CLI_HINTS: "false",
    ...extra
  }
  const run = async (args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Outcome> => {
    const client = backgroundOf(program, args, { ...env, ...options.env }, options.onStdout)
    const timer = setTimeout(client.kill, options.millis ?? DEADLINE_MILLIS)
    if (options.input !== undefined) client.write(options.input)
    client.endInput()
    const outcome = await client.ended
    clearTimeout(timer)
    return outcome
  }
  return {
    host,
    run,
    ok: async (...args) => {
      const outcome = await run(args)
      if (outcome.code !== 0) {
        throw new Error(`docker ${args.join(" ")} ended with ${outcome.code}: ${outcome.stderr}${outcome.stdout}`)
      }
      return outcome.stdout.replace(/\n$/, "")
    },
    background: (...args) => backgroundOf(program, args, env),
    terminal: (args, size = { columns: 80, rows: 24 }) => {
      let shown = ""
      const terminal = spawnTerminal(program, [...args], { cols: size.columns, rows: size.rows, env })
      terminal.onData((chunk) => {
        shown += chunk
      })
      return {
        screen: () => shown,
        type: (text) => terminal.write(text),
        resize: (columns, rows) => terminal.resize(columns, rows),
        ended: new Promise((resolve) => {
          terminal.onExit(({ exitCode }) => resolve(exitCode))
        })
      }
    }
  }
}

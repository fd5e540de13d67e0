import { accessSync, constants as fileConstants, statSync } from "node:fs"
import { constants } from "node:os"
import { spawn } from "node:child_process"
import { join } from "node:path"
import type { InputRecord } from "@sockerless/agent-link/protocol"
import type { ProcessRequest } from "./process-request.ts"
import { userIdsOf } from "./users.ts"

export interface Ended {
  readonly exitCode: number
  /** Why it could not be started. */
  readonly error?: string
}

/** What a child's keeper wants of it. */
export interface Keeper {
  /** One chunk of output; a promise asks the child to wait. */
  readonly output: (source: 1 | 2, bytes: Buffer) => Promise<void> | undefined
  /** After the last output. Called once. */
  readonly ended: (how: Ended) => void
}

/** A process of ours. */
export interface Child {
  readonly pid: number | undefined
  /** Takes one record; resolves when the process has taken it, or never will. */
  readonly take: (record: InputRecord) => Promise<void>
  readonly signal: (signal: number) => void
}

const environmentOf = (request: ProcessRequest, home: string): NodeJS.ProcessEnv => {
  const given = Object.fromEntries(
    request.env.map((pair) => {
      const at = pair.indexOf("=")
      return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)]
    })
  )
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: home,
    ...(request.tty && { TERM: "xterm" }),
    ...given
  }
}

/** The executable's path as execvp would find it; throws Docker's words with 127 or 126. */
const resolved = (request: ProcessRequest, env: NodeJS.ProcessEnv): string => {
  const [name = ""] = request.argv
  const fail = (code: number, reason: string) =>
    Object.assign(new Error(`exec: "${name}": ${reason}`), { exitCode: code })
  const candidates = name.includes("/")
    ? [name.startsWith("/") ? name : join(request.workingDir, name)]
    : (env["PATH"] ?? "").split(":").map((folder) => join(folder, name))
  let denied = false
  for (const candidate of candidates) {
    const stat = statSync(candidate, { throwIfNoEntry: false })
    if (stat === undefined) continue
    if (stat.isDirectory()) {
      denied = true
      continue
    }
    try {
      accessSync(candidate, fileConstants.X_OK)
      return candidate
    } catch {
      denied = true
    }
  }
  if (denied) throw fail(126, "permission denied")
  throw fail(127, name.includes("/") ? "no such file or directory" : "executable file not found in $PATH")
}

const signalNumbers: Readonly<Record<string, number>> = constants.signals
const codeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  signal === null ? (code ?? 255) : 128 + (signalNumbers[signal] ?? 0)

/** How long output that a grandchild holds open may go silent before the process counts as ended. */
const SILENCE_MILLIS = 2000

const withPipes = (path: string, request: ProcessRequest, env: NodeJS.ProcessEnv, keeper: Keeper): Child => {
  const ids = userIdsOf(request.user)
  const child = spawn(path, request.argv.slice(1), {
    argv0: request.argv[0],
    cwd: request.workingDir,
    env,
    ...(ids && { uid: ids.uid, gid: ids.gid }),
    stdio: [request.stdin ? "pipe" : "ignore", "pipe", "pipe"],
    detached: true
  })
  let heardAt = 0
  let waiting = 0
  for (const [source, stream] of [
    [1, child.stdout],
    [2, child.stderr]
  ] as const) {
    if (stream === null) continue
    stream.on("data", (bytes: Buffer) => {
      heardAt = performance.now()
      const room = keeper.output(source, bytes)
      if (room === undefined) return
      stream.pause()
      waiting += 1
      void room.then(() => {
        waiting -= 1
        heardAt = performance.now()
        return stream.resume()
      })
    })
    // A pipe that breaks ends like one that is closed.
    stream.on("error", () => stream.destroy())
  }
  let ended = false
  const end = (how: Ended) => {
    if (ended) return
    ended = true
    keeper.ended(how)
  }
  child.on("error", (error) => end({ exitCode: 126, error: error.message }))
  child.on("exit", () => {
    heardAt = performance.now()
    const timer = setInterval(() => {
      if (waiting > 0 || performance.now() - heardAt < SILENCE_MILLIS) return
      clearInterval(timer)
      child.stdout?.destroy()
      child.stderr?.destroy()
    }, 250)
    child.on("close", () => clearInterval(timer))
  })
  child.on("close", (code, signal) => end({ exitCode: codeOf(code, signal) }))
  // EPIPE: the process has closed its stdin, which is its right.
  child.stdin?.on("error", () => child.stdin?.destroy())
  return {
    pid: child.pid,
    signal: (signal) => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(child.pid, signal)
    },
    take: (record) =>
      new Promise((resolve) => {
        const input = child.stdin
        if (record.kind === "end") input?.end()
        if (record.kind !== "bytes" || input === null || !input.writable) return resolve()
        input.write(record.bytes, () => resolve())
      })
  }
}

const withTerminal = async (
  path: string,
  request: ProcessRequest,
  env: NodeJS.ProcessEnv,
  keeper: Keeper
): Promise<Child> => {
  const { spawn: spawnTerminal } = await import("@lydell/node-pty")
  const ids = userIdsOf(request.user)
  const terminal = spawnTerminal(path, request.argv.slice(1), {
    cwd: request.workingDir,
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value ?? ""])),
    rows: request.rows,
    cols: request.columns,
    encoding: null,
    ...(ids && { uid: ids.uid, gid: ids.gid })
  })
  let alive = true
  terminal.onData((data: string | Buffer) => {
    const room = keeper.output(1, typeof data === "string" ? Buffer.from(data) : data)
    if (room === undefined) return
    terminal.pause()
    void room.then(() => terminal.resume())
  })
  terminal.onExit(({ exitCode, signal }) => {
    alive = false
    keeper.ended({ exitCode: signal === undefined || signal === 0 ? exitCode : 128 + signal })
  })
  return {
    pid: terminal.pid,
    signal: (signal) => {
      if (alive) process.kill(terminal.pid, signal)
    },
    take: async (record) => {
      if (!alive) return
      // The declared type knows text only, and text would break a character that two records share.
      if (record.kind === "bytes") Reflect.apply(terminal.write, terminal, [record.bytes])
      // A terminal has no end of input but the character for it.
      if (record.kind === "end") terminal.write("\u0004")
      if (record.kind === "resize") terminal.resize(Math.max(1, record.columns), Math.max(1, record.rows))
    }
  }
}

const exitCodeOf = (error: unknown): number =>
  error instanceof Error && "exitCode" in error && typeof error.exitCode === "number" ? error.exitCode : 126

/** Starts a process; one that cannot be started has ended at once, with Docker's code and words. */
export const startChild = async (request: ProcessRequest, keeper: Keeper): Promise<Child> => {
  try {
    const env = environmentOf(request, userIdsOf(request.user)?.home ?? process.env["HOME"] ?? "/root")
    const path = resolved(request, env)
    return request.tty ? await withTerminal(path, request, env, keeper) : withPipes(path, request, env, keeper)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    keeper.ended({ exitCode: exitCodeOf(error), error: reason })
    return { pid: undefined, take: async () => {}, signal: () => {} }
  }
}

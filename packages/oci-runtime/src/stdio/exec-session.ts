import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { constants } from "node:os"
import type { Readable, Writable } from "node:stream"
import { setTimeout as delay } from "node:timers/promises"
import { execOutput, failedOutput } from "./exec-output.ts"

/** A process started in a container. `output` ends after `exit` is settled. */
export interface Session {
  readonly pid: number
  readonly output: Readable
  readonly input: Writable | undefined
  readonly resize: (rows: number, columns: number) => void
  readonly exit: Promise<number>
  /** Why the process never ran; its output tells the same. */
  readonly failure?: string
}

export interface SessionRequest {
  readonly command: ReadonlyArray<string>
  /** Written by the runtime when the process runs; its absence at the end means it never did. */
  readonly pidFile: string
  /** Where the runtime says why it failed. */
  readonly logFile: string
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  /** Text and code for a process that could not be started, from what the runtime logged. */
  readonly failure: (log: string) => { readonly text: string; readonly exitCode: number }
  /** Called once, when nothing of the session's files is needed any more. */
  readonly forget: () => void
}

/** Children of the process may hold its output open after its end; Docker waits this long for them. */
const DRAIN_MILLIS = 2000
const PID_POLL_MILLIS = 1

export const readIfPresent = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "")

const pidWhenStarted = (pidFile: string, ended: () => boolean): Promise<number> =>
  new Promise((resolve) => {
    const look = (): void => {
      const pid = Number(readIfPresent(pidFile))
      if (pid > 0 || ended()) resolve(pid)
      else setTimeout(look, PID_POLL_MILLIS)
    }
    look()
  })

/** The session of a process that never ran: Docker's text as output, and the code. */
export const unstartedSession = (
  { text, exitCode }: { readonly text: string; readonly exitCode: number },
  tty: boolean
): Session => ({
  pid: 0,
  output: failedOutput(`${text}\r\n`, tty),
  input: undefined,
  resize: () => undefined,
  exit: Promise.resolve(exitCode),
  failure: text
})

/** As `unstartedSession`, with the reason that the runtime logged. */
export const failedSession = (
  request: Pick<SessionRequest, "logFile" | "failure" | "forget">,
  tty: boolean
): Session => {
  const reason = request.failure(readIfPresent(request.logFile))
  request.forget()
  return unstartedSession(reason, tty)
}

const endOf = (child: ChildProcess): { readonly code: Promise<number>; readonly closed: Promise<void> } => ({
  code: new Promise<number>((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  }),
  closed: new Promise<void>((resolve) => void child.once("close", () => resolve()))
})

/**
 * Runs an exec without a terminal to its end, whoever reads it. Resolves when the process runs or has failed to. The
 * code is known at most two seconds after the end; what a slow client has not read yet waits for it.
 */
export const startSession = async (request: SessionRequest): Promise<Session> => {
  const [file = "", ...args] = request.command
  const isRead = request.stdout || request.stderr
  const child = spawn(file, args, {
    stdio: [request.stdin ? "pipe" : "ignore", isRead ? "pipe" : "ignore", isRead ? "pipe" : "ignore"],
    // It may outlive this daemon, so it carries nothing of its environment.
    env: { PATH: process.env["PATH"] }
  })
  // A process that ends without reading closes its stdin under the writer; that is its right.
  child.stdin?.on("error", () => child.stdin?.destroy())
  const output = execOutput(child, request)
  const { code, closed } = endOf(child)
  let ended = false
  const over = () => (ended = true)
  code.then(over, over)
  const pid = await Promise.race([pidWhenStarted(request.pidFile, () => ended), code.then(() => 0)])
  if (pid === 0 && !existsSync(request.pidFile)) {
    await code
    output.finish()
    return failedSession(request, false)
  }
  const exit = code.then(async (exitCode) => {
    await Promise.race([closed, delay(DRAIN_MILLIS, undefined, { ref: false })])
    request.forget()
    return exitCode
  })
  void Promise.all([exit, Promise.race([closed, code.then(() => output.quiet(DRAIN_MILLIS))])]).then(output.finish)
  return {
    pid: pid === 0 ? Number(readIfPresent(request.pidFile)) : pid,
    output: output.readable,
    input: child.stdin ?? undefined,
    resize: () => undefined,
    exit
  }
}

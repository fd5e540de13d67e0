import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { failedSession, type Session } from "./exec-session.ts"
import { readLog } from "./read-log.ts"
import { terminalStdin } from "./stdin.ts"
import { syncNumber } from "./sync-message.ts"
import { setTerminalSize } from "./terminal-size.ts"

export interface TerminalRequest {
  /** The monitor's command line. */
  readonly command: ReadonlyArray<string>
  /** Where the monitor writes what the terminal shows. */
  readonly outputLog: string
  readonly attachSocket: string
  readonly control: string
  /** Where the runtime says why it failed. */
  readonly logFile: string
  readonly stdin: boolean
  readonly failure: (log: string) => { readonly text: string; readonly exitCode: number }
  /** Called once, when nothing of the session's files is needed any more. */
  readonly forget: () => void
}

/** The exit code of a process whose monitor was killed. */
const UNSEEN_EXIT_CODE = 137

/**
 * Runs an exec with a terminal under a monitor of its own, as the container itself runs: the monitor holds the
 * terminal and writes what it shows to a log, so that a slow client loses nothing and stalls nobody. The sync pipe
 * tells the pid, and later the exit code.
 */
export const startTerminalSession = async (request: TerminalRequest): Promise<Session> => {
  const [file = "", ...args] = request.command
  const child = spawn(file, args, {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    env: { PATH: process.env["PATH"], _OCI_SYNCPIPE: "3" },
    detached: true
  })
  const failedToSpawn = new Promise<never>((_, reject) => void child.once("error", reject))
  child.unref()
  const messages = createInterface({ input: child.stdio[3] as Readable })[Symbol.asyncIterator]()
  const next = async (): Promise<number | undefined> => {
    for (;;) {
      const line = await messages.next()
      if (line.done === true) return undefined
      const number = syncNumber(line.value)
      if (number !== undefined) return number
    }
  }
  const pid = (await Promise.race([next(), failedToSpawn])) ?? 0
  if (pid <= 0) return failedSession(request, true)
  const ended = new AbortController()
  const output = readLog(request.outputLog, {
    follow: true,
    from: "start",
    stdout: true,
    stderr: false,
    framing: "raw",
    timestamps: false,
    prefix: "",
    ended: ended.signal
  })
  const closed = new Promise<void>((resolve) => void output.once("close", () => resolve()))
  const exit = next().then((code) => code ?? UNSEEN_EXIT_CODE)
  void exit.then(() => ended.abort())
  void Promise.all([exit, closed]).then(request.forget)
  return {
    pid,
    output,
    input: request.stdin ? terminalStdin(request.attachSocket) : undefined,
    resize: (rows, columns) => {
      if (!ended.signal.aborted) setTerminalSize(request.control, { rows, columns })
    },
    exit
  }
}

import type { TerminalSize } from "@sockerless/backend-contract"
import { PassThrough, type Readable, type Writable } from "node:stream"
import type { Behaviour, End, ScriptedProcess } from "./behaviour.ts"
import type { Output } from "./output.ts"

const SIGKILL = 9
const DEFAULT_SIZE: TerminalSize = { rows: 24, columns: 80 }

/** What a process is made of. */
export interface ProcessRequest extends Omit<ScriptedProcess, "stdin" | "print" | "terminalSize" | "onSignal"> {
  readonly pid: number
  readonly tty: boolean
  readonly size: TerminalSize | undefined
  readonly output: Output
}

/** A process of this place: a script that runs, with the ways to reach it. */
export interface RunningProcess {
  readonly pid: number
  readonly argv: ReadonlyArray<string>
  readonly stdin: Writable
  readonly resize: (size: TerminalSize) => void
  readonly signal: (number: number) => void
  readonly end: (end: End) => void
  readonly ended: Promise<End>
}

/** Starts a script. It ends by what the script says, by a signal it does not handle, or by `end`, whatever is first. */
export const runProcess = (request: ProcessRequest, behave: Behaviour): RunningProcess => {
  const { promise: ended, resolve } = Promise.withResolvers<End>()
  const handlers = new Map<number, () => void>()
  const stdin = new PassThrough()
  let size = request.size ?? DEFAULT_SIZE
  let over = false
  const end = (how: End) => {
    if (over) return
    over = true
    resolve(how)
    stdin.destroy()
  }
  const seen: ScriptedProcess = {
    ...request,
    stdin: stdin satisfies Readable,
    print: (text, stream = 1) => {
      if (over) return
      if (request.tty) request.output.write(1, Buffer.from(text.replaceAll("\n", "\r\n")))
      else request.output.write(stream, Buffer.from(text))
    },
    terminalSize: () => size,
    onSignal: (number, handle) => void handlers.set(number, handle)
  }
  const script = async () => behave(seen)
  script().then(end, (error: unknown) => {
    seen.print(`the script failed: ${String(error)}\n`, 2)
    end({ exitCode: 1 })
  })
  return {
    pid: request.pid,
    argv: request.argv,
    stdin,
    resize: (wanted) => (size = wanted),
    signal: (number) => {
      const handle = number === SIGKILL ? undefined : handlers.get(number)
      if (handle === undefined) end({ exitCode: 128 + number })
      else handle()
    },
    end,
    ended
  }
}

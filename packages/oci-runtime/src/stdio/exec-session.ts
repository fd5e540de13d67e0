import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { PassThrough, Readable, type Writable } from "node:stream"

/** A process started in a container. `output` ends after `exit` is settled. */
export interface Session {
  readonly pid: number
  readonly output: Readable
  readonly input: Writable | undefined
  readonly resize: (rows: number, columns: number) => void
  readonly exit: Promise<number>
}

export interface SessionRequest {
  readonly command: ReadonlyArray<string>
  /** Written by the runtime when the process runs; its absence at the end means it never did. */
  readonly pidFile: string
  readonly logFile: string
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly consoleSize: { readonly rows: number; readonly columns: number } | undefined
  /** Text and code for a process that could not be started, from what the runtime logged. */
  readonly failure: (log: string) => { readonly text: string; readonly exitCode: number }
}

const FRAME_BYTES = 8
/** Children of the process may hold its output open after its end; Docker waits this long for them. */
const DRAIN_MILLIS = 2000
const PID_POLL_MILLIS = 1

/** Docker's stdcopy header and the chunk, as two pushes: the bytes are not copied. */
export const frameHeader = (stream: 1 | 2, length: number): Buffer => {
  const header = Buffer.allocUnsafe(FRAME_BYTES)
  header.writeUInt32BE(stream * 0x1000000, 0)
  header.writeUInt32BE(length, 4)
  return header
}

/** Merges a child's outputs into frames. Back-pressure pauses both; a reader that left lets them run dry. */
const framed = (
  child: ChildProcess,
  request: SessionRequest
): { readonly output: Readable; readonly finish: () => void } => {
  const sources = [
    { stream: 1 as const, wanted: request.stdout, readable: child.stdout },
    { stream: 2 as const, wanted: request.stderr, readable: child.stderr }
  ]
  const output = new Readable({
    read: () => sources.forEach(({ readable }) => readable?.resume()),
    destroy: (error, done) => {
      sources.forEach(({ readable }) => readable?.resume())
      done(error)
    }
  })
  for (const { stream, wanted, readable } of sources) {
    readable?.on("data", (chunk: Buffer) => {
      if (!wanted || output.destroyed) return
      output.push(frameHeader(stream, chunk.length))
      if (!output.push(chunk)) sources.forEach((source) => source.readable?.pause())
    })
    readable?.pause()
  }
  return { output, finish: () => void (output.destroyed || output.push(null)) }
}

const readIfPresent = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "")

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
const failed = (request: SessionRequest): Session => {
  const { text, exitCode } = request.failure(readIfPresent(request.logFile))
  const body = Buffer.from(`${text}\r\n`)
  const output = Readable.from([request.tty ? body : Buffer.concat([frameHeader(1, body.length), body])])
  return { pid: 0, output, input: undefined, resize: () => undefined, exit: Promise.resolve(exitCode) }
}

const exitCodeOf = (code: number | null, signal: number): number => code ?? 128 + signal

const clean = (request: SessionRequest): void => {
  for (const file of [request.pidFile, request.logFile, request.pidFile.replace(/\.pid$/, ".json")]) {
    rmSync(file, { force: true })
  }
}

const withPipes = async (request: SessionRequest): Promise<Session> => {
  const [file = "", ...args] = request.command
  const child = spawn(file, args, { stdio: [request.stdin ? "pipe" : "ignore", "pipe", "pipe"] })
  let ended = false
  const exit = new Promise<number>((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", (code) => {
      ended = true
      const drained = setTimeout(() => resolve(exitCodeOf(code, 0)), DRAIN_MILLIS)
      child.once("close", () => {
        clearTimeout(drained)
        resolve(exitCodeOf(code, 0))
      })
    })
  })
  const { output, finish } = framed(child, request)
  // A process that ends without reading closes its stdin under the writer; that is its right.
  child.stdin?.on("error", () => child.stdin?.destroy())
  const pid = await Promise.race([pidWhenStarted(request.pidFile, () => ended), exit.then(() => 0)])
  if (pid === 0 && !existsSync(request.pidFile)) {
    await exit
    const session = failed(request)
    clean(request)
    return session
  }
  const settled = exit.finally(() => {
    clean(request)
    finish()
    child.stdout?.destroy()
    child.stderr?.destroy()
  })
  return {
    pid: pid === 0 ? Number(readIfPresent(request.pidFile)) : pid,
    output,
    input: child.stdin ?? undefined,
    resize: () => undefined,
    exit: settled
  }
}

/** node-pty writes a Buffer as it is, although its types say strings; a string would split characters. */
interface ByteSink {
  write(data: string | Buffer): void
}

const ptyInput = (pty: ByteSink): Writable => {
  const input = new PassThrough()
  input.on("data", (chunk: Buffer) => pty.write(chunk))
  return input
}

const withTerminal = async (request: SessionRequest): Promise<Session> => {
  // Loaded on first use: most daemons never run an interactive exec, and the addon costs memory.
  const { spawn: spawnPty } = await import("@lydell/node-pty")
  const [file = "", ...args] = request.command
  const size = request.consoleSize ?? { rows: 24, columns: 80 }
  const pty = spawnPty(file, args, { cols: size.columns || 80, rows: size.rows || 24, encoding: null, name: "xterm" })
  let ended = false
  const output = new Readable({ read: () => pty.resume(), destroy: (error, done) => done(error) })
  // With a null encoding node-pty delivers buffers, although its types say strings.
  pty.onData((chunk: string | Buffer) => {
    if (output.destroyed) return
    if (!output.push(chunk)) pty.pause()
  })
  const exit = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      ended = true
      resolve(signal === undefined || signal === 0 ? exitCode : 128 + signal)
    })
  })
  output.once("close", () => {
    if (!ended) pty.resume()
  })
  const pid = await pidWhenStarted(request.pidFile, () => ended)
  if (pid === 0 && !existsSync(request.pidFile)) {
    const session = failed(request)
    clean(request)
    return session
  }
  const settled = exit.finally(() => {
    clean(request)
    if (!output.destroyed) output.push(null)
  })
  return {
    pid,
    output,
    input: ptyInput(pty),
    resize: (rows, columns) => {
      if (!ended) pty.resize(columns, rows)
    },
    exit: settled
  }
}

/** Runs an exec command to its end, whoever reads it. Resolves when the process runs or has failed to. */
export const startSession = (request: SessionRequest): Promise<Session> =>
  request.tty ? withTerminal(request) : withPipes(request)

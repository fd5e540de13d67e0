import type { TerminalSize } from "@sockerless/backend-contract"
import type { Socket } from "node:net"
import type { Readable } from "node:stream"

/** How a process ends. */
export interface End {
  readonly exitCode: number
  readonly oomKilled?: boolean
}

/** A process as its script sees it: what it was given, and what it can do. */
export interface ScriptedProcess {
  readonly argv: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly workingDir: string
  readonly memoryBytes: number | undefined
  /** Ends when its writer ends it, and with the process. */
  readonly stdin: Readable
  readonly print: (text: string, stream?: 1 | 2) => void
  readonly terminalSize: () => TerminalSize
  /** Handles a signal instead of ending by it. SIGKILL is never handled. */
  readonly onSignal: (signal: number, handle: () => void) => void
  readonly readFile: (path: string) => string | undefined
  readonly writeFile: (path: string, text: string) => void
  /** Takes connections to a published port. */
  readonly serve: (port: number, accept: (socket: Socket) => void) => void
}

/** What a process does; resolves with its end. One that never resolves runs until a signal or the test ends it. */
export type Behaviour = (process: ScriptedProcess) => Promise<End> | End

/** What a test decides about the processes of a place. */
export interface Script {
  readonly behave: Behaviour
  /** Why a command cannot be started: the detail in Docker's text, and the exit code. */
  readonly cannotStart: (
    argv: ReadonlyArray<string>
  ) => { readonly detail: string; readonly exitCode: number } | undefined
}

/** Every process runs until it is ended. */
export const runsForEver: Script = {
  behave: () => new Promise<End>(() => undefined),
  cannotStart: () => undefined
}

import type { Fault } from "@sockerless/faults"
import { Context, type Effect } from "effect"
import type { AttachSession, ExecSpec } from "../backend.ts"
import type { TerminalSize } from "../workload.ts"

/** Docker's exec trio and resize. `id` is the full exec id. */
export class Execs extends Context.Service<
  Execs,
  {
    readonly create: (containerRef: string, request: CreateExec) => Effect.Effect<{ readonly id: string }, Fault>
    /** Starts and returns the attached session; with `detach` it returns once the process runs, output discarded. */
    readonly start: (
      id: string,
      options: StartExec
    ) => Effect.Effect<(AttachSession & { readonly tty: boolean }) | undefined, Fault>
    /** Blocks up to ten seconds until the process exists, as dockerd does. */
    readonly resize: (id: string, size: TerminalSize) => Effect.Effect<void, Fault>
    readonly inspect: (id: string) => Effect.Effect<ExecSnapshot, Fault>
  }
>()("@sockerless/engine/Execs") {}

export interface CreateExec {
  readonly argv: ReadonlyArray<string>
  readonly env: ReadonlyArray<string>
  readonly workingDir: string
  readonly user: string
  readonly privileged: boolean
  readonly tty: boolean
  readonly attachStdin: boolean
  readonly attachStdout: boolean
  readonly attachStderr: boolean
  readonly detachKeys: string | undefined
  readonly consoleSize?: TerminalSize
}

export interface StartExec {
  readonly detach: boolean
  readonly tty: boolean
  readonly consoleSize?: TerminalSize
}

export interface ExecSnapshot {
  readonly spec: ExecSpec
  readonly containerId: string
  readonly running: boolean
  /** Undefined until it has ended. */
  readonly exitCode: number | undefined
  readonly pid: number
  readonly detachKeys: string
}

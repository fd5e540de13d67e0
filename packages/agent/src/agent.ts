import { randomUUID } from "node:crypto"
import { join } from "node:path"
import {
  type AgentChannel,
  AgentSession,
  Inlet,
  type Json,
  MemorySpool,
  type Open,
  Outlet,
  type Spool
} from "@sockerless/agent-link/protocol"
import { pull, push } from "./archive.ts"
import { callChannel } from "./call.ts"
import { keepDialling } from "./dial.ts"
import { DiskSpool } from "./disk-spool.ts"
import { port } from "./port.ts"
import { ProcessChannel } from "./process-channel.ts"
import { processRequestOf } from "./process-request.ts"
import type { Settings } from "./settings.ts"
import { StreamChannel } from "./stream-channel.ts"

const PING_MILLIS = 15_000
/** Output in memory before it goes to the disk; and all there is room for when there is no disk. */
const MEMORY_BYTES = 1024 * 1024
const MEMORY_ONLY_BYTES = 8 * 1024 * 1024
/** Finished execs answer by their id for this long. */
const EXEC_KEPT_MILLIS = 900_000
const TERM_TO_KILL_MILLIS = 10_000
const SIGTERM = 15
const SIGKILL = 9

const spoolIn = (settings: Settings): { readonly spool: Spool; readonly bytes: number } => {
  try {
    const folder = join(settings.spoolFolder, `${process.pid}-${randomUUID()}`)
    return { spool: new DiskSpool(folder, Math.min(MEMORY_BYTES, settings.spoolBytes / 4)), bytes: settings.spoolBytes }
  } catch {
    // A read-only root without /tmp is legal: the bound is smaller then.
    return { spool: new MemorySpool(), bytes: Math.min(MEMORY_ONLY_BYTES, settings.spoolBytes) }
  }
}

const failedChannel = (reason: string): AgentChannel => {
  const outlet = new Outlet()
  outlet.finish()
  return {
    outlet,
    inlet: new Inlet({ bytes: () => {}, end: () => {} }),
    result: { exitCode: 126, error: reason, ok: false, kind: "invalid", reason }
  }
}

/** The process beside the user's: runs it once it may, keeps what it says, and dials the daemon until that has it. */
export class Agent {
  readonly #settings: Settings
  readonly #session: AgentSession
  readonly #main: ProcessChannel
  readonly #stop = new AbortController()
  #exitCode: number | undefined
  #granted: boolean | undefined
  #awaySince = performance.now()
  readonly #finished = Promise.withResolvers<number>()

  constructor(settings: Settings) {
    this.#settings = settings
    const { spool, bytes } = spoolIn(settings)
    this.#session = new AgentSession({
      claimant: randomUUID(),
      open: (open) => this.#open(open),
      welcomed: ({ granted }) => this.#welcomed(granted),
      disconnected: () => {
        this.#awaySince = performance.now()
        this.#main.away()
      }
    })
    this.#main = new ProcessChannel({
      request: settings.process,
      spool,
      highWater: bytes,
      keepWhenAway: bytes * 0.75,
      finished: (channel, result, { exitCode }) => {
        this.#exitCode = exitCode
        this.#session.finish(channel, result)
        setTimeout(() => this.#finished.resolve(exitCode), this.#settings.lingerMillis)
      },
      released: () => this.#finished.resolve(this.#exitCode ?? 255)
    })
  }

  /** Runs until the process has ended and the daemon has all, or has had its time; resolves with the exit code. */
  async run(): Promise<number> {
    const beat = setInterval(() => this.#beat(), 1000)
    const dialling = keepDialling(this.#session, { ...this.#settings, pingMillis: PING_MILLIS }, this.#stop.signal)
    const exitCode = await this.#finished.promise
    clearInterval(beat)
    this.#stop.abort()
    this.#session.disconnect("the workload has ended")
    await dialling
    return exitCode
  }

  /** Passes a signal of the platform on to the user's process. */
  signal(signal: number): void {
    if (this.#main.pid === undefined) this.#finished.resolve(128 + signal)
    else this.#main.signal(signal)
  }

  #welcomed(granted: boolean): void {
    if (granted) {
      this.#granted = true
      void this.#main.start()
      return
    }
    // Another copy runs it, or nobody wants it any more: what runs here goes.
    if (this.#granted === undefined) return this.#finished.resolve(0)
    this.#end()
  }

  #open(open: Open): AgentChannel {
    if (open.kind === "main") return this.#main
    try {
      return this.#channelOf(open)
    } catch (error) {
      return failedChannel(error instanceof Error ? error.message : String(error))
    }
  }

  #channelOf(open: Open): AgentChannel {
    const finished = (channel: AgentChannel, result: Json) => this.#session.finish(channel, result)
    switch (open.kind) {
      case "call":
        return callChannel(open.params)
      case "pull":
        return new StreamChannel(pull(open.params), finished)
      case "push":
        return new StreamChannel(push(open.params), finished)
      case "port":
        return new StreamChannel(port(open.params), finished)
      case "exec": {
        const exec = new ProcessChannel({ request: processRequestOf(open.params), finished })
        void exec.start()
        return exec
      }
      default:
        throw new RangeError(`this agent knows no ${open.kind}`)
    }
  }

  #end(): void {
    this.#main.signal(SIGTERM)
    setTimeout(() => this.#main.signal(SIGKILL), TERM_TO_KILL_MILLIS)
  }

  #beat(): void {
    const now = performance.now()
    this.#session.expire(now - EXEC_KEPT_MILLIS)
    if (this.#session.connected) {
      this.#awaySince = now
      return
    }
    if (now - this.#awaySince < this.#settings.orphanMillis) return
    this.#awaySince = now
    if (this.#granted === undefined) this.#finished.resolve(0)
    else this.#end()
  }
}

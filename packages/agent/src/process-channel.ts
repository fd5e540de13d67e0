import {
  type AgentChannel,
  encodeOutput,
  Inlet,
  inputCutter,
  type InputRecord,
  type Json,
  Outlet,
  type Spool
} from "@sockerless/agent-link/protocol"
import { type Child, type Ended, startChild } from "./child.ts"
import type { ProcessRequest } from "./process-request.ts"

export interface ProcessChannelOptions {
  readonly request: ProcessRequest
  readonly spool?: Spool
  readonly highWater?: number
  /**
   * Without a daemon the process does not wait for one: above the high water the oldest output goes, so much stays.
   * When absent it waits.
   */
  readonly keepWhenAway?: number
  /** Told once when the process has ended and all its output is in the channel. */
  readonly finished: (channel: AgentChannel, result: Json, how: Ended) => void
  /** Told when the daemon has all of it. */
  readonly released?: () => void
}

const nowNanos = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000_000))

/** A process and the channel that carries its input, output and end. */
export class ProcessChannel implements AgentChannel {
  readonly outlet: Outlet
  readonly inlet: Inlet
  result: Json | undefined
  readonly #options: ProcessChannelOptions
  readonly #cutter = inputCutter()
  #child: Child | undefined
  #started: Promise<void> | undefined
  #order: Promise<void> = Promise.resolve()
  /** What came before the process was started. */
  readonly #early = Promise.withResolvers<void>()

  constructor(options: ProcessChannelOptions) {
    this.#options = options
    this.outlet = new Outlet({
      ...(options.spool && { spool: options.spool }),
      ...(options.highWater !== undefined && { highWater: options.highWater })
    })
    this.inlet = new Inlet({
      bytes: (bytes) => this.#take(this.#cutter.push(bytes), this.inlet.next),
      end: () => {
        this.#inOrder(async () => this.inlet.endKept())
      }
    })
  }

  released(): void {
    this.#options.released?.()
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts the process, once. */
  start(): Promise<void> {
    this.#started ??= this.#start()
    return this.#started
  }

  signal(signal: number): void {
    this.#child?.signal(signal)
  }

  /** The daemon has gone: a process that waits for it goes on, if it is not to wait. */
  away(): void {
    const { keepWhenAway, highWater } = this.#options
    if (keepWhenAway !== undefined && this.outlet.backlog >= (highWater ?? 0)) this.outlet.shrinkTo(keepWhenAway)
  }

  note(event: Json): void {
    this.outlet.write(encodeOutput({ source: 3, nanos: nowNanos(), bytes: Buffer.from(JSON.stringify(event)) }))
  }

  async #start(): Promise<void> {
    this.#child = await startChild(this.#options.request, {
      output: (source, bytes) => this.#output(source, bytes),
      ended: (how) => this.#ended(how)
    })
    if (this.#child.pid !== undefined) this.note({ event: "started", pid: this.#child.pid })
    this.#early.resolve()
  }

  #output(source: 1 | 2, bytes: Buffer): Promise<void> | undefined {
    if (this.outlet.write(encodeOutput({ source, nanos: nowNanos(), bytes }))) return undefined
    const { keepWhenAway } = this.#options
    if (keepWhenAway === undefined || this.outlet.attached) return this.outlet.room()
    this.outlet.shrinkTo(keepWhenAway)
    return undefined
  }

  #ended(how: Ended): void {
    this.outlet.finish()
    this.#early.resolve()
    this.#options.finished(
      this,
      {
        exitCode: how.exitCode,
        finishedAtNanos: String(nowNanos()),
        ...(how.error !== undefined && { error: how.error })
      },
      how
    )
  }

  #inOrder(next: () => Promise<void>): void {
    this.#order = this.#order.then(next)
  }

  /** Input is acknowledged when the process has taken it, and given to it once. */
  #take(records: ReadonlyArray<InputRecord>, upTo: number): void {
    this.#inOrder(async () => {
      await this.#early.promise
      for (const record of records) {
        if (record.kind === "signal") this.#child?.signal(record.signal)
        else await this.#child?.take(record)
      }
      this.inlet.consumed(upTo)
      this.inlet.kept(upTo)
    })
  }
}

import { randomUUID } from "node:crypto"
import { Duplex, type Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { Effect } from "effect"
import { AgentAway, AgentRefused } from "./faults.ts"
import { OutputLog } from "./output-log.ts"
import { readOutput, type ReadOptions } from "./read-output.ts"
import {
  type DaemonChannel,
  DaemonSession,
  encodeInput,
  type Hello,
  InletReader,
  type InputRecord,
  type Json,
  outletWriter,
  outputCutter,
  type OutputRecord,
  type Welcome
} from "./protocol/index.ts"

/** How the user's process ended, as its agent saw it. */
export interface ExitFacts {
  readonly exitCode: number
  readonly oomKilled: boolean
  /** Nanoseconds since the epoch, by the workload's clock. */
  readonly finishedAtNanos: bigint
  /** Why it could not be started, when it could not. */
  readonly error: string | undefined
}

export interface WorkloadOptions {
  readonly subject: string
  readonly run: number
  /** Where its output is kept, from run to run a file of its own. */
  readonly logFile: string
  readonly epoch: number
  /** Whether this life of an agent may run the user's process; durable before it is told. */
  readonly claim: (claimant: string) => Promise<boolean>
}

/** What a process that an agent runs is given. */
export interface ProcessRequest {
  readonly argv: ReadonlyArray<string>
  readonly env: ReadonlyArray<string>
  readonly workingDir: string
  /** As Docker writes it: empty, `user`, `uid`, `user:group`. */
  readonly user: string
  readonly tty: boolean
  readonly stdin: boolean
  readonly rows?: number
  readonly columns?: number
}

const field = (value: Json, key: string): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })[key]
    : undefined

const exitOf = (value: Json): ExitFacts => {
  const code = field(value, "exitCode")
  const error = field(value, "error")
  const at = field(value, "finishedAtNanos")
  return {
    exitCode: typeof code === "number" ? code : 255,
    oomKilled: field(value, "oomKilled") === true,
    finishedAtNanos: BigInt(typeof at === "string" ? at : 0),
    error: typeof error === "string" ? error : undefined
  }
}

const CALL_MILLIS = 30_000
/** Output under way to the log: enough to keep the link busy while the disk syncs. */
const OUTPUT_WINDOW_BYTES = 1024 * 1024

const refusalKinds = ["invalid", "not-found", "conflict", "failed", "not-implemented"] as const

const refusalOf = (value: Json): AgentRefused | undefined => {
  if (field(value, "ok") === true) return undefined
  const kind = refusalKinds.find((one) => one === field(value, "kind")) ?? "failed"
  return new AgentRefused({ kind, reason: String(field(value, "reason") ?? "the agent failed") })
}

const answerOf = (value: Json): Effect.Effect<Json, AgentRefused> => {
  const refusal = refusalOf(value)
  return refusal === undefined ? Effect.succeed(field(value, "value") ?? null) : Effect.fail(refusal)
}

/** How a byte channel ended at the agent: why it failed, or nothing. */
const settled = async (channel: DaemonChannel): Promise<AgentRefused | undefined> => refusalOf(await channel.result)

/** A process under way: what goes in, and how it ends. */
export class RemoteProcess {
  readonly #channel: DaemonChannel
  /** Known when the process has ended and all its output was delivered. */
  readonly exit: Promise<ExitFacts>

  constructor(channel: DaemonChannel, ended: Promise<void>) {
    this.#channel = channel
    this.exit = Promise.all([channel.result, ended]).then(([result]) => exitOf(result))
  }

  /** Sends input, in order, once each; resolves when more may be sent. */
  async send(record: InputRecord): Promise<void> {
    if (!this.#channel.outlet.write(encodeInput(record))) await this.#channel.outlet.room()
  }

  /** Its end is durable here: the agent may forget it. */
  done(): void {
    this.#channel.done()
  }
}

/** One run of one workload as the daemon deals with it, whether its agent is connected or not. */
export class Workload {
  readonly subject: string
  readonly run: number
  readonly session: DaemonSession
  readonly main: RemoteProcess
  readonly log: OutputLog
  readonly #logFile: string
  readonly #watchers = new Set<() => void>()
  readonly #readers = new Set<() => void>()
  #version = 0
  /** All output is in the log. */
  #isEnded = false

  constructor(options: WorkloadOptions) {
    this.subject = options.subject
    this.run = options.run
    this.#logFile = options.logFile
    this.log = new OutputLog(options.logFile)
    this.session = new DaemonSession(async (hello: Hello): Promise<Welcome> => ({
      epoch: options.epoch,
      granted: await options.claim(hello.claimant)
    }))
    this.session.onConnected = () => {
      for (const watch of this.#watchers) watch()
    }
    const ended = Promise.withResolvers<void>()
    const keepEnd = async () => {
      try {
        await this.log.settled()
        channel.inlet.endKept()
        this.#isEnded = true
        this.#grow()
        ended.resolve()
      } catch (error) {
        // What is not acknowledged stays with the agent; the next life of this daemon may keep it.
        this.session.disconnect(`its output cannot be kept: ${String(error)}`)
      }
    }
    const channel: DaemonChannel = this.session.open({
      id: "main",
      kind: "main",
      params: null,
      from: this.log.next,
      window: OUTPUT_WINDOW_BYTES,
      consumer: {
        bytes: (bytes) => this.log.append(bytes),
        end: () => void keepEnd()
      },
      gap: (_, to) => this.log.gap(to)
    })
    this.log.onWritten = (position) => {
      channel.inlet.consumed(position)
      this.#grow()
    }
    this.log.onKept = (position) => channel.inlet.kept(position)
    this.log.onFailed = (error) => this.session.disconnect(`its output cannot be kept: ${error.message}`)
    this.main = new RemoteProcess(channel, ended.promise)
  }

  /** Resolves with true as soon as the agent is connected, with false after `millis` without it. */
  connected(millis: number): Promise<boolean> {
    if (this.session.connected) return Promise.resolve(true)
    return new Promise((resolve) => {
      const finish = (is: boolean) => {
        clearTimeout(timer)
        this.#watchers.delete(watch)
        resolve(is)
      }
      const watch = () => {
        if (this.session.connected) finish(true)
      }
      const timer = setTimeout(() => finish(false), millis)
      this.#watchers.add(watch)
    })
  }

  /** What the main process has said, and with `follow` what it will say; any number of readers at any speed. */
  output(options: ReadOptions): AsyncGenerator<OutputRecord, void, void> {
    const next = (version: number) =>
      this.#isEnded || version !== this.#version
        ? Promise.resolve(this.#isEnded)
        : new Promise<boolean>((resolve) => {
            const settle = () => {
              this.#readers.delete(settle)
              options.signal?.removeEventListener("abort", settle)
              resolve(this.#isEnded)
            }
            this.#readers.add(settle)
            options.signal?.addEventListener("abort", settle)
          })
    return readOutput(this.#logFile, { next, version: () => this.#version }, options)
  }

  #grow(): void {
    this.#version += 1
    for (const settle of this.#readers) settle()
  }

  /**
   * Starts a process beside the main one, or goes on with the one of this id. `output` gets its records in order and
   * may delay more of them; one that was delivered is not delivered again to this daemon.
   */
  exec(id: string, request: ProcessRequest, output: (record: OutputRecord) => Promise<void>): RemoteProcess {
    const cutter = outputCutter()
    const ended = Promise.withResolvers<void>()
    let order = Promise.resolve()
    const inOrder = (next: () => Promise<void>) => {
      order = order.then(next)
    }
    const channel: DaemonChannel = this.session.open({
      id: `exec/${id}`,
      kind: "exec",
      params: { ...request },
      consumer: {
        bytes: (bytes) => {
          const upTo = channel.inlet.next
          const records = cutter.push(bytes)
          inOrder(async () => {
            for (const record of records) await output(record)
            channel.inlet.consumed(upTo)
            channel.inlet.kept(upTo)
          })
        },
        end: () => {
          inOrder(async () => {
            channel.inlet.endKept()
            ended.resolve()
          })
        }
      }
    })
    return new RemoteProcess(channel, ended.promise)
  }

  /** Asks the agent one thing and gets one answer; asked again only if the connection broke before the answer. */
  call(method: string, params: Json, waitMillis = CALL_MILLIS): Effect.Effect<Json, AgentRefused | AgentAway> {
    return Effect.suspend(() => {
      const id = `call/${randomUUID()}`
      const channel = this.session.open({
        id,
        kind: "call",
        params: { method, params },
        consumer: { bytes: () => {}, end: () => channel.inlet.endKept() }
      })
      channel.outlet.finish()
      return Effect.promise(() => channel.result).pipe(
        Effect.timeoutOrElse({
          duration: waitMillis,
          orElse: () => Effect.fail(new AgentAway({ subject: this.subject, waitedMillis: waitMillis }))
        }),
        Effect.flatMap(answerOf),
        Effect.ensuring(Effect.sync(() => this.session.leave(id)))
      )
    })
  }

  /** The tree at a path as a tar, after its stat. Destroying the stream ends the work at the agent. */
  pull(path: string): Effect.Effect<{ readonly stat: Json; readonly tar: Readable }, AgentRefused | AgentAway> {
    return Effect.map(this.call("stat", { path }), (stat) => {
      const { channel, reader, leave } = this.#bytes("pull", { path })
      channel.outlet.finish()
      void settled(channel).then((failed) => {
        if (failed !== undefined) reader.readable.destroy(failed)
        return undefined
      })
      reader.readable.once("close", leave)
      return { stat, tar: reader.readable }
    })
  }

  /** Unpacks a tar into the folder at a path; done when all of it is there. */
  push(
    path: string,
    tar: Readable,
    options: { readonly noOverwriteDirNonDir: boolean; readonly owner?: string }
  ): Effect.Effect<void, AgentRefused> {
    return Effect.suspend(() => {
      const { channel, leave } = this.#bytes("push", {
        path,
        noOverwriteDirNonDir: String(options.noOverwriteDirNonDir),
        owner: options.owner ?? ""
      })
      const stop = new AbortController()
      const sent = pipeline(tar, outletWriter(channel.outlet), { signal: stop.signal })
      return Effect.tryPromise({
        try: async () => {
          // The agent's refusal says more than the stream that it broke; a source that broke has no answer to wait for.
          const failed = await Promise.race([settled(channel), sent.then(() => settled(channel))])
          if (failed !== undefined) throw failed
        },
        catch: (cause) =>
          cause instanceof AgentRefused ? cause : new AgentRefused({ kind: "failed", reason: String(cause) })
      }).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            stop.abort()
            leave()
          })
        )
      )
    })
  }

  /** A connection to a port of the workload; an error on it says why there is none. */
  port(port: number): Duplex {
    const { channel, reader, leave } = this.#bytes("port", { port })
    const duplex = Duplex.from({ readable: reader.readable, writable: outletWriter(channel.outlet) })
    void settled(channel).then((failed) => {
      if (failed !== undefined) duplex.destroy(failed)
      return undefined
    })
    duplex.once("close", leave)
    return duplex
  }

  #bytes(kind: string, params: Json) {
    const reader = new InletReader()
    const id = `${kind}/${randomUUID()}`
    const channel = this.session.open({ id, kind, params, consumer: reader.consumer })
    reader.bind(channel.inlet)
    return { channel, reader, leave: () => this.session.leave(id) }
  }

  /** Ends the connection and the log; the agent keeps what was not acknowledged. */
  async close(): Promise<void> {
    this.session.disconnect("the daemon lets go of this workload")
    await this.log.close()
  }
}

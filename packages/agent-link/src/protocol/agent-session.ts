import { Connection, type Halves, type Receiver, type Wire } from "./connection.ts"
import { type Frame, ProtocolError } from "./frame.ts"
import { decodeOpen, decodeWelcome, encode, type Json, type Open, type Welcome } from "./messages.ts"

/** A channel as the agent holds it; it lives until the daemon has its result, or until its time is up. */
export interface AgentChannel extends Halves {
  /** Set once; told to the daemon at each resume until it is done with it. */
  result: Json | undefined
  /** Called once when the daemon needs the channel no more, finished or not. */
  readonly released?: () => void
  /** Of no use to a daemon that does not know it: ended when no daemon has resumed it for a while. */
  readonly isTransient?: boolean
}

interface Entry {
  readonly channel: AgentChannel
  stream: number | undefined
  /** When it was last of use, for those that nobody ever finishes. */
  idleSinceMillis: number
}

export interface AgentSessionOptions {
  readonly claimant: string
  /** Makes the channel that the daemon asks for, once for each id. */
  readonly open: (open: Open) => AgentChannel
  /** Called at each admission; `granted` false means that another copy runs the user's process. */
  readonly welcomed: (welcome: Welcome) => void
  readonly disconnected: (reason: string) => void
}

/**
 * The agent's side: channels that live on while connections and daemons come and go. It never obeys a daemon of a
 * lower epoch than it has obeyed before.
 */
export class AgentSession {
  readonly #options: AgentSessionOptions
  readonly #channels = new Map<string, Entry>()
  #connection: Connection | undefined
  #epoch = 0
  /** Of this connection. */
  #highestStream = 0

  constructor(options: AgentSessionOptions) {
    this.#options = options
  }

  get connected(): boolean {
    return this.#connection !== undefined
  }

  /** Channels that the daemon has not finished. */
  get channels(): number {
    return this.#channels.size
  }

  connect(wire: Wire): Receiver {
    this.#connection?.close("a newer connection")
    const connection: Connection = new Connection(wire, {
      frame: (frame) => this.#take(connection, frame),
      closed: (reason) => {
        if (connection !== this.#connection) return
        this.#connection = undefined
        const now = performance.now()
        for (const entry of this.#channels.values()) {
          entry.stream = undefined
          entry.idleSinceMillis = now
        }
        this.#options.disconnected(reason)
      }
    })
    this.#connection = connection
    this.#highestStream = 0
    connection.send("hello", 0, 0, encode({ claimant: this.#options.claimant, epoch: this.#epoch }))
    return connection
  }

  disconnect(reason: string): void {
    this.#connection?.close(reason)
  }

  /** Sets what a channel came to and tells the daemon. */
  finish(channel: AgentChannel, result: Json): void {
    channel.result ??= result
    for (const entry of this.#channels.values()) {
      if (entry.channel !== channel) continue
      entry.idleSinceMillis = performance.now()
      if (entry.stream !== undefined)
        this.#connection?.send("result", entry.stream, 0, encode({ value: channel.result }))
    }
  }

  /** Forgets finished and transient channels that no daemon has asked about since. */
  expire(beforeMillis: number): void {
    for (const [id, entry] of this.#channels) {
      const mayGo =
        entry.channel.result !== undefined || (entry.channel.isTransient === true && entry.stream === undefined)
      if (mayGo && entry.idleSinceMillis < beforeMillis) this.#release(id, entry)
    }
  }

  #take(connection: Connection, frame: Frame): void {
    if (connection !== this.#connection) return
    if (frame.type === "welcome") return this.#welcome(connection, decodeWelcome(frame.payload))
    if (frame.type === "open") return this.#open(connection, frame)
    // Bytes and answers for a channel that was just released are late, before its opening they are lost for good.
    if (frame.type === "ack" || frame.type === "credit" || frame.stream <= this.#highestStream) {
      if (frame.type !== "done") return
    }
    if (frame.type !== "done") throw new ProtocolError(`a daemon sends no ${frame.type}`)
    for (const [id, entry] of this.#channels) {
      if (entry.stream === frame.stream) this.#release(id, entry)
    }
  }

  #welcome(connection: Connection, welcome: Welcome): void {
    if (welcome.epoch < this.#epoch) {
      return connection.close(`a daemon of epoch ${welcome.epoch} is not obeyed after one of ${this.#epoch}`)
    }
    this.#epoch = welcome.epoch
    this.#options.welcomed(welcome)
  }

  #open(connection: Connection, frame: Frame): void {
    if (connection.isBound(frame.stream)) return
    const open = decodeOpen(frame.payload)
    const known = this.#channels.get(open.id)
    const entry = known ?? { channel: this.#options.open(open), stream: undefined, idleSinceMillis: 0 }
    const { channel } = entry
    this.#channels.set(open.id, entry)
    if (entry.stream !== undefined) connection.unbind(entry.stream)
    entry.stream = frame.stream
    this.#highestStream = Math.max(this.#highestStream, frame.stream)
    const from = channel.outlet.startFor(frame.position)
    connection.send("opened", frame.stream, channel.inlet.next, encode({ from, limit: channel.inlet.granted }))
    connection.bind(frame.stream, channel, from, open.limit)
    if (channel.result !== undefined) connection.send("result", frame.stream, 0, encode({ value: channel.result }))
  }

  #release(id: string, entry: Entry): void {
    this.#channels.delete(id)
    if (entry.stream !== undefined) this.#connection?.unbind(entry.stream)
    entry.channel.released?.()
  }
}

import { Connection, type Receiver, type Wire } from "./connection.ts"
import { type Frame, ProtocolError } from "./frame.ts"
import { type Consumer, Inlet } from "./inlet.ts"
import { decodeHello, decodeOpened, decodeResult, encode, type Hello, type Json, type Welcome } from "./messages.ts"
import { Outlet } from "./outlet.ts"

export interface ChannelOptions {
  readonly id: string
  readonly kind: string
  readonly params: Json
  readonly consumer: Consumer
  /** The next byte that is wanted: what an earlier life of the daemon has kept. */
  readonly from?: number
  readonly window?: number
  /** Bytes from an offset on are gone; the next one delivered is `to`. */
  readonly gap?: (from: number, to: number) => void
}

/** A channel as the daemon holds it; it outlives connections. */
export interface DaemonChannel {
  readonly id: string
  readonly outlet: Outlet
  readonly inlet: Inlet
  /** What it came to. */
  readonly result: Promise<Json>
  /** The result is durable here, or nobody wants it any more: the agent ends and forgets the channel. */
  readonly done: () => void
}

interface Entry extends DaemonChannel {
  readonly options: ChannelOptions
  readonly settle: (result: Json) => void
  isDone: boolean
  /** The agent has known it at some time. */
  wasBound: boolean
  /** To be forgotten as soon as the agent has heard that it is done. */
  isLeft: boolean
}

/** The most channels of one workload at a time. */
const CHANNEL_LIMIT = 512

/**
 * The daemon's side of one workload: channels that live on while connections come and go. A newer connection replaces
 * an older one.
 */
export class DaemonSession {
  readonly #decide: (hello: Hello) => Promise<Welcome>
  readonly #channels = new Map<string, Entry>()
  readonly #byStream = new Map<number, Entry>()
  readonly #streams = new Map<Entry, number>()
  #connection: Connection | undefined
  #welcomed = false
  #nextStream = 1
  /** Called when an agent was let in, and when its connection has ended. */
  onConnected: (connected: boolean, reason: string) => void = () => {}

  constructor(decide: (hello: Hello) => Promise<Welcome>) {
    this.#decide = decide
  }

  get connected(): boolean {
    return this.#welcomed
  }

  /** Opens a channel, or goes on with the one of this id. Frames flow as soon as an agent is connected. */
  open(options: ChannelOptions): DaemonChannel {
    const known = this.#channels.get(options.id)
    if (known !== undefined) return known
    if (this.#channels.size >= CHANNEL_LIMIT) throw new RangeError(`${CHANNEL_LIMIT} channels of one workload are open`)
    const { promise, resolve } = Promise.withResolvers<Json>()
    const entry: Entry = {
      id: options.id,
      options,
      outlet: new Outlet({ floating: true }),
      inlet: new Inlet(options.consumer, {
        ...(options.from !== undefined && { from: options.from }),
        ...(options.window !== undefined && { window: options.window })
      }),
      result: promise,
      settle: resolve,
      isDone: false,
      wasBound: false,
      isLeft: false,
      done: () => {
        entry.isDone = true
        const stream = this.#streams.get(entry)
        if (stream !== undefined) this.#connection?.send("done", stream, 0)
      }
    }
    this.#channels.set(options.id, entry)
    if (this.#welcomed) this.#announce(entry)
    return entry
  }

  /** Forgets a channel at this side; one that is not done stays with the agent until its time is up. */
  forget(id: string): void {
    const entry = this.#channels.get(id)
    if (entry === undefined) return
    this.#channels.delete(id)
    entry.outlet.abandon()
    const stream = this.#streams.get(entry)
    if (stream === undefined) return
    this.#connection?.unbind(stream)
    this.#streams.delete(entry)
    this.#byStream.delete(stream)
  }

  /** Done with a channel, here and at the agent, now or when it is back. */
  leave(id: string): void {
    const entry = this.#channels.get(id)
    if (entry === undefined) return
    const stream = this.#streams.get(entry)
    const isBound = stream !== undefined && this.#connection?.isBound(stream) === true
    // An agent that never heard of it must not begin now.
    if (!entry.wasBound) return this.forget(id)
    entry.done()
    if (isBound) return this.forget(id)
    entry.isLeft = true
    entry.outlet.abandon()
  }

  /** Takes a connection whose peer has proved that it is this workload's. */
  connect(wire: Wire): Receiver {
    let greeted = false
    const connection: Connection = new Connection(wire, {
      frame: (frame) => {
        if (frame.type === "hello" && !greeted) {
          greeted = true
          this.#hello(connection, frame)
        } else if (connection === this.#connection && this.#welcomed) this.#take(connection, frame)
        else throw new ProtocolError(`${frame.type} out of order`)
      },
      closed: (reason) => this.#closed(connection, reason)
    })
    return connection
  }

  /** Ends the connection there is. */
  disconnect(reason: string): void {
    this.#connection?.close(reason)
  }

  #hello(connection: Connection, frame: Frame): void {
    const hello = decodeHello(frame.payload)
    void this.#decide(hello).then(
      (welcome) => this.#admit(connection, hello, welcome),
      (error: Error) => connection.close(`it cannot be decided who may run: ${error.message}`)
    )
  }

  #admit(connection: Connection, hello: Hello, welcome: Welcome): void {
    if (!connection.isOpen) return
    if (hello.epoch > welcome.epoch)
      return connection.close(`the agent obeys epoch ${hello.epoch}, this is ${welcome.epoch}`)
    connection.send("welcome", 0, 0, encode({ ...welcome }))
    if (!welcome.granted) return
    this.#connection?.close("a newer connection of the same agent")
    this.#connection = connection
    this.#welcomed = true
    for (const entry of this.#channels.values()) this.#announce(entry)
    this.onConnected(true, "")
  }

  #announce(entry: Entry): void {
    const stream = this.#nextStream++
    this.#streams.set(entry, stream)
    this.#byStream.set(stream, entry)
    const { id, kind, params } = entry.options
    this.#connection?.send("open", stream, entry.inlet.next, encode({ id, kind, params, limit: entry.inlet.granted }))
  }

  #take(connection: Connection, frame: Frame): void {
    const entry = this.#byStream.get(frame.stream)
    if (entry === undefined) return
    if (frame.type === "opened") {
      if (connection.isBound(frame.stream)) return
      const { from, limit } = decodeOpened(frame.payload)
      const granted = entry.inlet.granted
      if (from > entry.inlet.next) {
        entry.options.gap?.(entry.inlet.next, from)
        entry.inlet.skipTo(from)
      }
      connection.bind(frame.stream, entry, entry.outlet.startFor(frame.position), limit)
      entry.wasBound = true
      // What the agent was granted when the channel was announced may lie before what it still has.
      if (entry.inlet.granted > granted) connection.send("credit", frame.stream, entry.inlet.granted)
      if (entry.isDone) connection.send("done", frame.stream, 0)
      if (entry.isLeft) this.forget(entry.id)
    } else if (frame.type === "result") entry.settle(decodeResult(frame.payload))
    else throw new ProtocolError(`an agent sends no ${frame.type}`)
  }

  #closed(connection: Connection, reason: string): void {
    if (connection !== this.#connection) return
    this.#connection = undefined
    this.#welcomed = false
    this.#byStream.clear()
    this.#streams.clear()
    this.onConnected(false, reason)
  }
}

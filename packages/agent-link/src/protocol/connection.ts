import { decodeFrame, encodeFrame, type Frame, type FrameType, ProtocolError } from "./frame.ts"
import type { Inlet } from "./inlet.ts"
import type { Outlet } from "./outlet.ts"

/** One connection, as the transport gives it: whole messages, in order, until it closes. */
export interface Wire {
  readonly send: (message: Buffer) => void
  /** Ends it; `closed` of the connection follows. */
  readonly close: (reason: string) => void
}

/** What a session wants to hear of its connection. */
export interface Listener {
  /** Every frame but those of bound channels' bytes. */
  readonly frame: (frame: Frame) => void
  readonly closed: (reason: string) => void
}

/** The transport's side of a session's connection. */
export interface Receiver {
  readonly message: (message: Buffer) => void
  readonly closed: (reason: string) => void
}

/** The two halves of a channel at one side. */
export interface Halves {
  readonly outlet: Outlet
  readonly inlet: Inlet
}

/**
 * One connection of a session. Whatever breaks the protocol ends the connection and nothing else: the channels go on
 * over the next one from the offsets they stand at.
 */
export class Connection implements Receiver {
  readonly #wire: Wire
  readonly #listener: Listener
  readonly #streams = new Map<number, Halves>()
  #open = true

  constructor(wire: Wire, listener: Listener) {
    this.#wire = wire
    this.#listener = listener
  }

  get isOpen(): boolean {
    return this.#open
  }

  send(type: FrameType, stream: number, position: number, payload?: Buffer): void {
    if (this.#open) this.#wire.send(encodeFrame(type, stream, position, payload))
  }

  /** Whether a stream has its channel: a repeated opening changes nothing. */
  isBound(stream: number): boolean {
    return this.#streams.has(stream)
  }

  /** Lets a channel's halves send and receive as `stream`: from where the other side wants them, up to its limit. */
  bind(stream: number, halves: Halves, from: number, limit: number): void {
    this.#streams.set(stream, halves)
    halves.inlet.attach({
      ack: (position) => this.send("ack", stream, position),
      credit: (position) => this.send("credit", stream, position)
    })
    halves.outlet.attach(
      {
        data: (position, bytes) => this.send("data", stream, position, bytes),
        end: (position) => this.send("end", stream, position)
      },
      from,
      limit
    )
  }

  unbind(stream: number): void {
    const halves = this.#streams.get(stream)
    this.#streams.delete(stream)
    halves?.inlet.detach()
    halves?.outlet.detach()
  }

  message(message: Buffer): void {
    if (!this.#open) return
    try {
      this.#take(decodeFrame(message))
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.close(error.message)
    }
  }

  closed(reason: string): void {
    if (!this.#open) return
    this.#open = false
    for (const stream of this.#streams.keys()) this.unbind(stream)
    this.#listener.closed(reason)
  }

  close(reason: string): void {
    if (!this.#open) return
    this.#wire.close(reason)
    this.closed(reason)
  }

  #take(frame: Frame): void {
    if (frame.type === "ping") return this.send("pong", 0, frame.position)
    if (frame.type === "pong") return
    const halves = this.#streams.get(frame.stream)
    if (halves === undefined) return this.#listener.frame(frame)
    switch (frame.type) {
      case "data":
        return halves.inlet.data(frame.position, frame.payload)
      case "end":
        return halves.inlet.end(frame.position)
      case "ack":
        return halves.outlet.ack(frame.position)
      case "credit":
        return halves.outlet.credit(frame.position)
      default:
        return this.#listener.frame(frame)
    }
  }
}

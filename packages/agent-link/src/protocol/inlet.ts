import { ProtocolError } from "./frame.ts"

/** How an inlet answers while a connection lasts. */
export interface Answers {
  readonly ack: (position: number) => void
  readonly credit: (position: number) => void
}

export interface Consumer {
  /** Each byte once, in order. */
  readonly bytes: (bytes: Buffer, from: number) => void
  /** After the last byte. */
  readonly end: () => void
}

/**
 * The receiving half of a byte stream. Invariants: the consumer gets every byte once and in order whatever is
 * repeated; a hole is an error of the connection, never of the stream; at most `window` bytes are unconsumed.
 */
export class Inlet {
  readonly #window: number
  readonly #consumer: Consumer
  #next: number
  #consumed: number
  #kept: number
  #granted: number
  #endAt: number | undefined
  #endKept = false
  #answers: Answers | undefined

  constructor(consumer: Consumer, options: { readonly from?: number; readonly window?: number } = {}) {
    this.#consumer = consumer
    this.#window = options.window ?? 256 * 1024
    this.#next = options.from ?? 0
    this.#consumed = this.#next
    this.#kept = this.#next
    this.#granted = this.#next + this.#window
  }

  /** The next byte that is wanted. */
  get next(): number {
    return this.#next
  }
  /** How far the sender may send. */
  get granted(): number {
    return this.#granted
  }
  get ended(): boolean {
    return this.#endAt !== undefined
  }

  attach(answers: Answers): void {
    this.#answers = answers
    // Acknowledgements may have been lost with the connection before.
    if (this.#kept > 0 || this.#endKept) answers.ack(this.#endKept ? this.#kept + 1 : this.#kept)
  }

  detach(): void {
    this.#answers = undefined
  }

  data(position: number, bytes: Buffer): void {
    const end = position + bytes.length
    if (end <= this.#next) return
    if (position > this.#next) throw new ProtocolError(`byte ${this.#next} is missing before ${position}`)
    if (end > this.#granted) throw new ProtocolError(`byte ${end} is beyond the credit of ${this.#granted}`)
    if (this.#endAt !== undefined) throw new ProtocolError(`byte ${end} comes after the end at ${this.#endAt}`)
    const fresh = bytes.subarray(this.#next - position)
    const from = this.#next
    this.#next = end
    this.#consumer.bytes(fresh, from)
  }

  end(position: number): void {
    if (this.#endAt !== undefined) return
    if (position !== this.#next) throw new ProtocolError(`the end at ${position} does not follow byte ${this.#next}`)
    this.#endAt = position
    this.#consumer.end()
  }

  /** Skips bytes that the sender no longer has. */
  skipTo(position: number): void {
    if (position <= this.#next) return
    this.#next = position
    this.consumed(position)
    this.kept(position)
  }

  /** The consumer has dealt with all before `position`: as much more may come. */
  consumed(position: number): void {
    if (position <= this.#consumed) return
    this.#consumed = position
    // Half a window at a time: a credit per chunk would double the messages.
    if (this.#consumed + this.#window - this.#granted < this.#window / 2) return
    this.#granted = this.#consumed + this.#window
    this.#answers?.credit(this.#granted)
  }

  /** All before `position` is safe with the consumer: the sender may forget it. */
  kept(position: number): void {
    if (position <= this.#kept) return
    this.#kept = position
    this.#answers?.ack(position)
  }

  /** The end, and with it every byte, is safe with the consumer. */
  endKept(): void {
    if (this.#endAt === undefined || this.#endKept) return
    this.#endKept = true
    this.#kept = this.#endAt
    this.#answers?.ack(this.#endAt + 1)
  }
}

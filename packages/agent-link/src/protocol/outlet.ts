import { PAYLOAD_LIMIT, ProtocolError } from "./frame.ts"
import { MemorySpool, type Spool } from "./spool.ts"

/** How one half of a channel reaches the other side while a connection lasts. */
export interface Line {
  readonly data: (position: number, bytes: Buffer) => void
  readonly end: (position: number) => void
}

/**
 * The sending half of a byte stream. Invariants: every byte has one offset for ever; bytes stay until the receiver
 * has acknowledged them or they are dropped as a whole piece; nothing is sent beyond the receiver's credit.
 */
export class Outlet {
  readonly #spool: Spool
  #placed: boolean
  /** More than this many unacknowledged bytes ask the writer to wait. */
  readonly #high: number
  #sent = 0
  #limit = 0
  #line: Line | undefined
  #endAt: number | undefined
  #endSent = false
  #ended = false
  readonly #waiting: Array<() => void> = []
  /** Called when the other side has all, its end included. */
  onDrained: () => void = () => {}

  constructor(
    options: {
      readonly spool?: Spool
      readonly highWater?: number
      /** The first offset is not 0 but where the receiver stands when it is first attached: it knew an earlier sender. */
      readonly floating?: boolean
    } = {}
  ) {
    this.#spool = options.spool ?? new MemorySpool()
    this.#placed = options.floating !== true
    this.#high = options.highWater ?? 256 * 1024
    this.#sent = this.#spool.base
  }

  get base(): number {
    return this.#spool.base
  }
  get end(): number {
    return this.#spool.end
  }
  get attached(): boolean {
    return this.#line !== undefined
  }
  get finished(): boolean {
    return this.#endAt !== undefined
  }
  /** True when the other side has acknowledged all there is and will be. */
  get drained(): boolean {
    return this.#ended
  }
  get backlog(): number {
    return this.#spool.end - this.#spool.base
  }

  /** Appends bytes; false asks the writer to wait for `room` before the next ones. */
  write(bytes: Buffer): boolean {
    if (this.#endAt !== undefined) return true
    this.#spool.append(bytes)
    this.#pump()
    return this.backlog < this.#high
  }

  /** Resolves when there is room again, or when the stream was given up. */
  room(): Promise<void> {
    if (this.backlog < this.#high || this.#endAt !== undefined) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** No more bytes will come. */
  finish(): void {
    if (this.#endAt !== undefined) return
    this.#endAt = this.#spool.end
    this.#pump()
    this.#wake()
  }

  /** Nobody will take what is left: writers no longer wait, what they write is thrown away. */
  abandon(): void {
    this.#line = undefined
    this.#endAt ??= this.#spool.end
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Forgets the oldest whole pieces until at most `bytes` are kept. */
  shrinkTo(bytes: number): void {
    if (this.backlog <= bytes) return
    this.#sent = Math.max(this.#sent, this.#spool.drop(this.backlog - bytes))
    this.#wake()
  }

  /** Where a resume from `wanted` begins: there, or at the oldest byte that is left. */
  startFor(wanted: number): number {
    if (!this.#placed) return wanted
    if (wanted > this.#spool.end)
      throw new ProtocolError(`byte ${wanted} is wanted and ${this.#spool.end} were written`)
    return Math.max(wanted, this.#spool.base)
  }

  /** Sends from `from` on (the receiver has what is before, but not yet for good), up to `limit` and further as credit comes. */
  attach(line: Line, from: number, limit: number): void {
    if (!this.#placed && this.#spool instanceof MemorySpool) {
      this.#placed = true
      this.#spool.shift(from)
      if (this.#endAt !== undefined) this.#endAt += from
    }
    this.#line = line
    this.#sent = from
    this.#limit = limit
    this.#endSent = false
    this.#pump()
    this.#wake()
  }

  detach(): void {
    this.#line = undefined
  }

  credit(limit: number): void {
    if (limit <= this.#limit) return
    this.#limit = limit
    this.#pump()
  }

  /** The receiver has all before `position`; one beyond the end acknowledges the end itself. */
  ack(position: number): void {
    if (position > this.#spool.end + 1) throw new ProtocolError(`byte ${position} is acknowledged and was never sent`)
    this.#spool.release(Math.min(position, this.#spool.end))
    this.#sent = Math.max(this.#sent, this.#spool.base)
    this.#wake()
    if (!this.#ended && this.#endAt !== undefined && position === this.#endAt + 1) {
      this.#ended = true
      this.onDrained()
    }
  }

  #wake(): void {
    if (this.backlog >= this.#high && this.#endAt === undefined) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #pump(): void {
    const line = this.#line
    if (line === undefined) return
    while (this.#sent < Math.min(this.#spool.end, this.#limit)) {
      const most = Math.min(PAYLOAD_LIMIT, this.#limit - this.#sent)
      const bytes = this.#spool.read(this.#sent, most)
      this.#sent += bytes.length
      line.data(this.#sent - bytes.length, bytes)
      if (this.#line !== line) return
    }
    if (this.#endAt === this.#sent && !this.#endSent) {
      this.#endSent = true
      line.end(this.#endAt)
    }
  }
}

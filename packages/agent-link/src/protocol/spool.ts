/** Bytes of a stream from `base` to `end`, kept until they are released from the front. */
export interface Spool {
  readonly base: number
  readonly end: number
  /** Appends; the piece is kept as it is and must not be changed afterwards. */
  readonly append: (bytes: Buffer) => void
  /** Up to `most` bytes from an offset within the spool; never empty below `end`. */
  readonly read: (from: number, most: number) => Buffer
  /** Forgets all before an offset. */
  readonly release: (before: number) => void
  /** Forgets at least `bytes` from the front, in whole appended pieces; returns the new base. */
  readonly drop: (bytes: number) => number
}

/** A spool in memory. */
export class MemorySpool implements Spool {
  base: number
  end: number
  /** Pieces in order; the first begins at `#first`, which is at most `base`. */
  readonly #pieces: Array<Buffer> = []
  #first: number
  #cursor = { piece: 0, offset: 0 }

  constructor(from = 0) {
    this.base = from
    this.end = from
    this.#first = from
    this.#cursor.offset = from
  }

  append(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes)
    this.end += bytes.length
  }

  read(from: number, most: number): Buffer {
    if (from < this.#cursor.offset) this.#cursor = { piece: 0, offset: this.#first }
    for (;;) {
      const piece = this.#pieces[this.#cursor.piece]
      if (piece === undefined) return Buffer.alloc(0)
      const within = from - this.#cursor.offset
      if (within < piece.length) return piece.subarray(within, within + most)
      this.#cursor = { piece: this.#cursor.piece + 1, offset: this.#cursor.offset + piece.length }
    }
  }

  release(before: number): void {
    if (before <= this.base) return
    this.base = Math.min(before, this.end)
    let count = 0
    for (const piece of this.#pieces) {
      if (this.#first + piece.length > this.base) break
      this.#first += piece.length
      count += 1
    }
    this.#forget(count)
  }

  drop(bytes: number): number {
    const target = Math.min(this.base + bytes, this.end)
    let count = 0
    while (this.#first < target) this.#first += this.#pieces[count++]?.length ?? 0
    this.base = this.#first
    this.#forget(count)
    return this.base
  }

  /** Gives every byte another offset; for streams whose beginning only the other side knows. */
  shift(by: number): void {
    this.base += by
    this.end += by
    this.#first += by
    this.#cursor = { piece: 0, offset: this.#first }
  }

  /** All bytes as one piece, and an empty spool after it: for moving them elsewhere. */
  drain(): Buffer {
    const [first] = this.#pieces
    const all = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces)
    const kept = all.subarray(this.base - this.#first)
    this.#pieces.length = 0
    this.base = this.end
    this.#first = this.end
    this.#cursor = { piece: 0, offset: this.end }
    return kept
  }

  #forget(count: number): void {
    if (count === 0) return
    this.#pieces.splice(0, count)
    this.#cursor = { piece: 0, offset: this.#first }
  }
}

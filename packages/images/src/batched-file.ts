import type { FileHandle } from "node:fs/promises"

const BATCH_BYTES = 1024 * 1024
const BATCH_PIECES = 512

/** Writes pieces to a file in few large steps, one of them under way while the next is gathered. */
export class BatchedFile {
  readonly #file: FileHandle
  #pieces: Array<Buffer> = []
  #length = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** Takes a piece; waits when two batches are full. Fails with the failure of an earlier one. */
  async write(piece: Buffer): Promise<void> {
    this.#pieces.push(piece)
    this.#length += piece.length
    if (this.#length >= BATCH_BYTES || this.#pieces.length >= BATCH_PIECES) await this.#flush()
  }

  /** All that was taken is in the file. */
  async end(): Promise<void> {
    await this.#flush()
    await this.#writing
  }

  async #flush(): Promise<void> {
    const pieces = this.#pieces
    const length = this.#length
    this.#pieces = []
    this.#length = 0
    await this.#writing
    this.#writing = this.#append(pieces, length)
    // Told to whoever writes next, or ends.
    this.#writing.catch(() => undefined)
  }

  async #append(pieces: ReadonlyArray<Buffer>, length: number): Promise<void> {
    if (length === 0) return
    const { bytesWritten } = await this.#file.writev([...pieces])
    if (bytesWritten === length) return
    // A full disk takes a part; only the next attempt says why.
    let rest = Buffer.concat(pieces).subarray(bytesWritten)
    while (rest.length > 0) rest = rest.subarray((await this.#file.write(rest)).bytesWritten)
  }
}

import {
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writev,
  writeSync
} from "node:fs"
import { dirname } from "node:path"
import { promisify } from "node:util"
import { killpoint } from "@sockerless/killpoints"
import { encodeOutput, OUTPUT_HEAD } from "./protocol/index.ts"

/**
 * A workload's output as it came over the link, record after record, in one file. Invariants: the file's length and
 * its last gap note say which byte of the stream comes next, so there is no second place to keep that; a position is
 * told as kept only after the bytes before it are on the disk; after a gap note comes a whole record.
 */
const write = promisify(writev)
const sync = promisify(fdatasync)

interface Place {
  /** The file's offset of the first byte after the last whole record. */
  readonly boundary: number
  /** The stream's offset of the file's end. */
  readonly next: number
}

const SCAN_BYTES = 1024 * 1024

/** Walks the records' heads; only gap notes are read. */
const scan = (fd: number): Place => {
  const size = fstatSync(fd).size
  const chunk = Buffer.alloc(SCAN_BYTES)
  let chunkAt = 0
  let chunkEnd = 0
  const bytes = (at: number, count: number): Buffer | undefined => {
    if (at + count > size) return undefined
    if (at < chunkAt || at + count > chunkEnd) {
      chunkAt = at
      chunkEnd = at + readSync(fd, chunk, 0, SCAN_BYTES, at)
    }
    return chunk.subarray(at - chunkAt, at - chunkAt + count)
  }
  let boundary = 0
  let skew = 0
  for (;;) {
    const head = bytes(boundary, OUTPUT_HEAD)
    if (head === undefined) break
    const length = head.readUInt32BE(9)
    const end = boundary + OUTPUT_HEAD + length
    if (end > size) break
    if (head[0] === 4) {
      const note = bytes(boundary + OUTPUT_HEAD, length)
      const to = Number(/"to":(\d+)/.exec(note?.toString("latin1") ?? "")?.[1] ?? 0)
      skew = to - end
    }
    boundary = end
  }
  return { boundary, next: size + skew }
}

/** Follows the borders of records through a stream of bytes. */
class Borders {
  readonly #head = Buffer.alloc(OUTPUT_HEAD)
  #headBytes = 0
  #left = 0
  /** Bytes since the last border. */
  partial = 0

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const reading = this.#headBytes < OUTPUT_HEAD
      const step = Math.min(reading ? OUTPUT_HEAD - this.#headBytes : this.#left, bytes.length - at)
      if (reading) {
        bytes.copy(this.#head, this.#headBytes, at, at + step)
        this.#headBytes += step
        if (this.#headBytes === OUTPUT_HEAD) this.#left = this.#head.readUInt32BE(9)
      } else this.#left -= step
      at += step
      this.partial += step
      if (this.#headBytes === OUTPUT_HEAD && this.#left === 0) this.reset()
    }
  }

  reset(): void {
    this.#headBytes = 0
    this.partial = 0
  }
}

type Item = Buffer | { readonly gapTo: number }

/** The log of one workload, open for appending. */
export class OutputLog {
  readonly #fd: number
  readonly #borders = new Borders()
  #queue: Array<Item> = []
  #next: number
  #working: Promise<void> | undefined
  #failed: Error | undefined
  #isClosed = false
  /** Hears of each position whose bytes are on the disk. */
  onKept: (position: number) => void = () => {}
  /** Called once when the file can no longer be written; nothing is kept from then on. */
  onFailed: (error: Error) => void = () => {}
  /** Hears of each position whose bytes are in the file, though a power cut may still take them. */
  onWritten: (position: number) => void = () => {}

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    this.#fd = openSync(file, "a+", 0o600)
    const { boundary, next } = scan(this.#fd)
    this.#next = next
    const tail = Buffer.alloc(fstatSync(this.#fd).size - boundary)
    readSync(this.#fd, tail, 0, tail.length, boundary)
    this.#borders.push(tail)
  }

  /** The stream's byte that comes next. */
  get next(): number {
    return this.#next
  }

  /** Appends bytes that follow. */
  append(bytes: Buffer): void {
    this.#next += bytes.length
    this.#enqueue(bytes)
  }

  /** The stream goes on at `to`: what comes between is gone. A record that is cut by it goes too. */
  gap(to: number): void {
    this.#next = to
    this.#enqueue({ gapTo: to })
  }

  /** Resolves when all that was appended is on the disk; fails when it cannot be. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working
    if (this.#failed !== undefined) throw this.#failed
  }

  /** Ends it after what was appended. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    while (this.#working !== undefined) await this.#working
    closeSync(this.#fd)
  }

  #enqueue(item: Item): void {
    // The descriptor's number may be another file's by now.
    if (this.#isClosed || this.#failed !== undefined) return
    this.#queue.push(item)
    this.#working ??= this.#drain()
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#failed === undefined) {
        const end = this.#next
        const items = this.#queue
        this.#queue = []
        await this.#writeAll(items)
        this.onWritten(end)
        killpoint("link.log.before-sync")
        await sync(this.#fd)
        killpoint("link.log.after-sync")
        this.onKept(end)
        killpoint("link.log.after-kept")
      }
    } catch (error) {
      this.#failed = error instanceof Error ? error : new Error(String(error))
      this.onFailed(this.#failed)
    } finally {
      this.#working = undefined
    }
  }

  async #writeAll(items: ReadonlyArray<Item>): Promise<void> {
    let pieces: Array<Buffer> = []
    const flush = async () => {
      const whole = pieces.reduce((sum, piece) => sum + piece.length, 0)
      const { bytesWritten } = whole === 0 ? { bytesWritten: 0 } : await write(this.#fd, pieces)
      if (bytesWritten !== whole) throw new Error(`${bytesWritten} of ${whole} bytes were written`)
      pieces = []
    }
    for (const item of items) {
      if (Buffer.isBuffer(item)) {
        this.#borders.push(item)
        pieces.push(item)
        continue
      }
      await flush()
      ftruncateSync(this.#fd, fstatSync(this.#fd).size - this.#borders.partial)
      this.#borders.reset()
      const note = JSON.stringify({ event: "gap", to: item.gapTo })
      writeSync(this.#fd, encodeOutput({ source: 4, nanos: 0n, bytes: Buffer.from(note) }))
    }
    await flush()
  }
}

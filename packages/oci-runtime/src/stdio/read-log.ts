import { type FSWatcher, statSync, watch } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { Readable } from "node:stream"
import { type FramingOptions, LogFramer } from "./log-framing.ts"
import { tailOffset } from "./log-tail.ts"

export interface ReadLogOptions extends Omit<FramingOptions, "sinceNanos" | "untilNanos"> {
  readonly follow: boolean
  /** Byte offset in the log file; `end` is what is there now. */
  readonly from: number | "start" | "end"
  /** Only the last lines; applied when `from` is `start`. */
  readonly tail?: number
  readonly sinceNanos?: bigint
  readonly untilNanos?: bigint
  /** Aborted when the container has ended and its log is complete; a follower ends after it. */
  readonly ended: AbortSignal
}

/** Larger ones read no faster, and their dead buffers grow the process by twice as much until they are collected. */
const BLOCK_BYTES = 64 * 1024
/** Beyond this a record without its newline is handed on as it is; conmon writes records of at most 8 KiB. */
const RECORD_LIMIT = 4 * 1024 * 1024

/** A removed container's log has no name any more; who holds it open reads it to its end. */
const openIfPresent = (path: string): Promise<FileHandle | undefined> =>
  open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })

/** Decided when the reader is made, not when the file is open: what is written in between belongs to it. */
const startOf = (path: string, from: ReadLogOptions["from"]): number => {
  if (from === "start") return 0
  return from === "end" ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : from
}

/**
 * The bytes a container printed, from its log file. The file is the only source, live or not: a reader that stops
 * reading holds up nobody, and a daemon that dies loses nothing. Memory is one block, whatever the size.
 */
class LogStream extends Readable {
  readonly #path: string
  readonly #options: ReadLogOptions
  readonly #framer: LogFramer
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES)
  #carry = Buffer.alloc(0)
  #file: FileHandle | undefined
  #watcher: FSWatcher | undefined
  #position = 0
  #wake: (() => void) | undefined
  #changed = false
  #reading = false
  /** Asked for more while the last piece was being handed over: nobody asks twice. */
  #wanted = false

  constructor(path: string, options: ReadLogOptions) {
    super({ highWaterMark: BLOCK_BYTES })
    this.#path = path
    this.#options = options
    this.#position = startOf(path, options.from)
    this.#framer = new LogFramer({ ...options, sinceNanos: options.sinceNanos, untilNanos: options.untilNanos })
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#open().then(() => callback(), callback)
  }

  async #open(): Promise<void> {
    const { tail, follow, ended } = this.#options
    this.#file = await open(this.#path, "r")
    const { size } = await this.#file.stat()
    if (tail !== undefined && this.#position === 0) this.#position = await tailOffset(this.#file, size, tail)
    if (!follow) return
    this.#watch()
    ended.addEventListener("abort", this.#notice, { once: true })
  }

  #watch(): void {
    this.#watcher?.close()
    this.#watcher = watch(this.#path, () => this.#notice())
  }

  /** A log that reached its limit is begun anew under its name (conmon); the new one is read from its start. */
  async #replaced(): Promise<boolean> {
    if (!this.#options.follow || this.#file === undefined) return false
    const newest = await openIfPresent(this.#path)
    if (newest === undefined) return false
    const [held, named] = [await this.#file.stat(), await newest.stat()]
    if (held.ino === named.ino || this.destroyed) {
      await newest.close()
      return false
    }
    await this.#file.close()
    this.#file = newest
    this.#position = 0
    this.#carry = Buffer.alloc(0)
    this.#watch()
    return true
  }

  readonly #notice = (): void => {
    this.#changed = true
    this.#wake?.()
  }

  override _read(): void {
    if (this.#reading) {
      this.#wanted = true
      return
    }
    this.#reading = true
    this.#pump().then(
      () => this.#pumped(),
      (error: Error) => this.destroy(error)
    )
  }

  #pumped(): void {
    this.#reading = false
    if (this.#wanted && !this.destroyed) this._read()
  }

  async #pump(): Promise<void> {
    for (;;) {
      if (this.destroyed) return
      this.#changed = false
      this.#wanted = false
      // Asked before reading: what was written before the end is then certain to be read.
      const complete = !this.#options.follow || this.#options.ended.aborted
      const output = await this.#next()
      if (this.destroyed) return
      if (output === undefined) {
        if (complete || this.#framer.untilReached) return void this.push(null)
        await this.#change()
      } else if (output.length > 0 && !this.push(output)) return
    }
  }

  async #change(): Promise<void> {
    if (this.#changed || this.destroyed) return
    await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#wake = undefined
  }

  /** The next framed bytes (empty when all of them were filtered out); undefined at the end of the file. */
  async #next(): Promise<Buffer | undefined> {
    if (this.#framer.untilReached || this.#file === undefined) return undefined
    const { bytesRead } = await this.#file.read(this.#block, 0, BLOCK_BYTES, this.#position)
    if (bytesRead === 0) {
      return (await this.#replaced()) ? this.#next() : undefined
    }
    this.#position += bytesRead
    const fresh = this.#block.subarray(0, bytesRead)
    const block = this.#carry.length === 0 ? fresh : Buffer.concat([this.#carry, fresh])
    const { output, consumed } = this.#framer.frame(block, block.length)
    const rest = block.subarray(consumed)
    this.#carry = rest.length > RECORD_LIMIT ? Buffer.alloc(0) : Buffer.from(rest)
    return output
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#options.ended.removeEventListener("abort", this.#notice)
    this.#watcher?.close()
    this.#wake?.()
    if (this.#file === undefined) return callback(error)
    this.#file.close().then(() => callback(error), callback)
  }
}

/** Reads a container's log; fails the stream when the file cannot be read. */
export const readLog = (path: string, options: ReadLogOptions): Readable => new LogStream(path, options)

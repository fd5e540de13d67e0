import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { MemorySpool, type Spool } from "@sockerless/agent-link/protocol"

interface Segment {
  readonly from: number
  readonly end: number
  readonly file: string
  readonly fd: number
}

/**
 * A spool whose newest bytes are in memory and whose older ones are in files, one for each time the memory was full.
 * Invariants: files and memory follow each other without a hole; a file holds whole appended pieces, so that dropping
 * files never cuts a record.
 */
export class DiskSpool implements Spool {
  readonly #folder: string
  readonly #memoryBytes: number
  readonly #segments: Array<Segment> = []
  #memory = new MemorySpool()
  #written = 0

  constructor(folder: string, memoryBytes: number) {
    this.#folder = folder
    this.#memoryBytes = memoryBytes
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  get base(): number {
    const [first] = this.#segments
    return first === undefined ? this.#memory.base : Math.max(first.from, this.#released)
  }

  get end(): number {
    return this.#memory.end
  }

  #released = 0

  append(bytes: Buffer): void {
    this.#memory.append(bytes)
    if (this.#memory.end - this.#memory.base >= this.#memoryBytes) this.#spill()
  }

  read(from: number, most: number): Buffer {
    const segment = this.#segments.find((one) => from < one.end)
    if (segment === undefined) return this.#memory.read(from, most)
    const bytes = Buffer.allocUnsafe(Math.min(most, segment.end - from))
    const count = readSync(segment.fd, bytes, 0, bytes.length, from - segment.from)
    return bytes.subarray(0, count)
  }

  release(before: number): void {
    this.#released = Math.max(this.#released, Math.min(before, this.end))
    while ((this.#segments[0]?.end ?? Infinity) <= this.#released) this.#shift()
    this.#memory.release(before)
  }

  drop(bytes: number): number {
    const target = this.base + bytes
    while (this.base < target && this.#segments.length > 0) this.#shift()
    if (this.base < target) this.#memory.drop(target - this.base)
    return this.base
  }

  #shift(): void {
    const segment = this.#segments.shift()
    if (segment === undefined) return
    closeSync(segment.fd)
    rmSync(segment.file, { force: true })
  }

  #spill(): void {
    const from = this.#memory.base
    const bytes = this.#memory.drain()
    const file = join(this.#folder, `out.${this.#written++}`)
    const fd = openSync(file, "wx+", 0o600)
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    this.#segments.push({ from, end: from + bytes.length, file, fd })
  }
}

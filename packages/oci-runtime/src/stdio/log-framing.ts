import { HEADER_BYTES, isPartial, nanosOf, streamOf, utcTimeOf } from "./log-format.ts"

export interface FramingOptions {
  readonly stdout: boolean
  readonly stderr: boolean
  /** Docker's stdcopy frames, or the bare bytes of a terminal. */
  readonly framing: "multiplexed" | "raw"
  readonly timestamps: boolean
  /** Put before each line as it is, after the timestamp. */
  readonly prefix: string
  readonly sinceNanos: bigint | undefined
  readonly untilNanos: bigint | undefined
}

const FRAME_BYTES = 8
/** Lines of one stream share a frame up to this size when nothing is put before them. */
const FRAME_LIMIT = 64 * 1024
const NEWLINE = 10

/**
 * Turns blocks of log records into Docker's frames: one output buffer per block, no object per line. A record's
 * header is longer than a frame's, so the output fits into the input's size unless prefixes are asked for.
 */
export class LogFramer {
  readonly #options: FramingOptions
  readonly #midLine = [false, false, false]
  #sinceReached: boolean
  /** Set once a record at or after `until` was seen: nothing that follows is wanted. */
  untilReached = false

  constructor(options: FramingOptions) {
    this.#options = options
    this.#sinceReached = options.sinceNanos === undefined
  }

  /** Frames all complete records of `block[0..end)`; returns the output and where the first incomplete one starts. */
  frame(block: Buffer, end: number): { readonly output: Buffer; readonly consumed: number } {
    const { timestamps, prefix } = this.#options
    return timestamps || prefix !== "" ? this.#prefixed(block, end) : this.#plain(block, end)
  }

  #wanted(block: Buffer, start: number, stream: 1 | 2): boolean {
    const { sinceNanos, untilNanos, stdout, stderr } = this.#options
    if (!this.#sinceReached && sinceNanos !== undefined) {
      if (nanosOf(block, start) < sinceNanos) return false
      this.#sinceReached = true
    }
    if (untilNanos !== undefined && nanosOf(block, start) > untilNanos) {
      this.untilReached = true
      return false
    }
    return stream === 1 ? stdout : stderr
  }

  #plain(block: Buffer, end: number): { readonly output: Buffer; readonly consumed: number } {
    const multiplexed = this.#options.framing === "multiplexed"
    const output = Buffer.allocUnsafe(end)
    let at = 0
    let frameAt = -1
    let frameStream = 0
    let start = 0
    const close = () => {
      if (frameAt >= 0) output.writeUInt32BE(at - frameAt - FRAME_BYTES, frameAt + 4)
      frameAt = -1
    }
    while (start < end && !this.untilReached) {
      const newline = block.indexOf(NEWLINE, start)
      if (newline === -1 || newline >= end) break
      const stream = streamOf(block, start)
      if (this.#wanted(block, start, stream)) {
        if (multiplexed && (frameAt < 0 || stream !== frameStream || at - frameAt > FRAME_LIMIT)) {
          close()
          frameAt = at
          frameStream = stream
          output.writeUInt32BE(stream * 0x1000000, at)
          at += FRAME_BYTES
        }
        at += block.copy(output, at, start + HEADER_BYTES, isPartial(block, start) ? newline : newline + 1)
      }
      start = newline + 1
    }
    close()
    return { output: output.subarray(0, at), consumed: start }
  }

  #prefixed(block: Buffer, end: number): { readonly output: Buffer; readonly consumed: number } {
    const { timestamps, prefix, framing } = this.#options
    const pieces: Array<Buffer> = []
    let start = 0
    while (start < end && !this.untilReached) {
      const newline = block.indexOf(NEWLINE, start)
      if (newline === -1 || newline >= end) break
      const stream = streamOf(block, start)
      if (this.#wanted(block, start, stream)) {
        const time = timestamps ? `${utcTimeOf(block, start)} ` : ""
        const head = this.#midLine[stream] ? "" : `${time}${prefix}`
        const partial = isPartial(block, start)
        const body = block.subarray(start + HEADER_BYTES, partial ? newline : newline + 1)
        this.#midLine[stream] = partial
        if (framing === "multiplexed") {
          const frame = Buffer.allocUnsafe(FRAME_BYTES)
          frame.writeUInt32BE(stream * 0x1000000, 0)
          frame.writeUInt32BE(Buffer.byteLength(head) + body.length, 4)
          pieces.push(frame)
        }
        pieces.push(Buffer.from(head), body)
      }
      start = newline + 1
    }
    return { output: Buffer.concat(pieces), consumed: start }
  }
}

import type { LogOptions } from "@sockerless/backend-contract"
import { Readable } from "node:stream"

/** One write of a process. */
interface Piece {
  readonly stream: 1 | 2
  readonly bytes: Buffer
  readonly atNanos: bigint
}

const FRAME_BYTES = 8
const MILLION = 1_000_000n

const framed = (stream: 1 | 2, bytes: Buffer): Buffer => {
  const frame = Buffer.alloc(FRAME_BYTES + bytes.length)
  frame.writeUInt8(stream, 0)
  frame.writeUInt32BE(bytes.length, 4)
  bytes.copy(frame, FRAME_BYTES)
  return frame
}

const timeText = (nanos: bigint): string =>
  `${new Date(Number(nanos / MILLION)).toISOString().slice(0, 19)}.${String(nanos % (MILLION * 1000n)).padStart(9, "0")}Z`

const linesOf = (piece: Piece): ReadonlyArray<Piece> =>
  piece.bytes
    .toString("latin1")
    .split(/(?<=\n)/)
    .map((text) => ({ ...piece, bytes: Buffer.from(text, "latin1") }))

/** The last `count` of the pieces, taken as lines. */
const lastLines = (pieces: ReadonlyArray<Piece>, count: number): ReadonlyArray<Piece> =>
  count === 0 ? [] : pieces.flatMap(linesOf).slice(-count)

/** How a reader wants the bytes. */
export type ReadOptions = Pick<LogOptions, "stdout" | "stderr" | "tty"> &
  Partial<Pick<LogOptions, "timestamps" | "tail" | "since" | "until" | "detailsPrefix">>

/** Everything one process or workload printed. Readers come and go; none of them holds up the writer. */
export class Output {
  readonly #pieces: Array<Piece> = []
  readonly #followers = new Set<{ readonly take: (piece: Piece) => void; readonly end: () => void }>()

  write(stream: 1 | 2, bytes: Buffer): void {
    const piece = { stream, bytes, atNanos: BigInt(Date.now()) * MILLION }
    this.#pieces.push(piece)
    for (const follower of this.#followers) follower.take(piece)
  }

  /** Ends every follower: the run is over. */
  end(): void {
    for (const follower of this.#followers) follower.end()
    this.#followers.clear()
  }

  read(options: ReadOptions, from: "start" | "now", follow: boolean): Readable {
    const readable = new Readable({ read: () => undefined })
    const wanted = (piece: Piece) =>
      (piece.stream === 1 ? options.stdout : options.stderr) &&
      (options.since === undefined || piece.atNanos >= options.since) &&
      (options.until === undefined || piece.atNanos <= options.until)
    const push = (piece: Piece) => {
      if (!wanted(piece) || readable.destroyed) return
      const details = options.detailsPrefix ?? ""
      for (const line of options.timestamps === true || details !== "" ? linesOf(piece) : [piece]) {
        const head = `${options.timestamps === true ? `${timeText(line.atNanos)} ` : ""}${details}`
        const bytes = Buffer.concat([Buffer.from(head), line.bytes])
        readable.push(options.tty ? bytes : framed(line.stream, bytes))
      }
    }
    const past = from === "now" ? [] : this.#pieces
    for (const piece of options.tail === undefined ? past : lastLines(past.filter(wanted), options.tail)) push(piece)
    if (!follow) {
      readable.push(null)
      return readable
    }
    const follower = { take: push, end: () => void readable.push(null) }
    this.#followers.add(follower)
    readable.once("close", () => this.#followers.delete(follower))
    return readable
  }
}

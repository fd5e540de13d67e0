/**
 * What flows in the byte streams of processes, so that order and time survive with the bytes.
 * Upwards: `u8 source | u64 nanoseconds since the epoch | u32 length | bytes`, source 1 stdout or terminal, 2 stderr,
 * 3 a note of the agent (JSON), 4 a note of the daemon in its own log (JSON).
 * Downwards: `u8 kind | u32 length | bytes`, kind 0 stdin, 1 end of stdin, 2 resize, 3 signal.
 */
export const OUTPUT_HEAD = 13
export const INPUT_HEAD = 5

export type OutputSource = 1 | 2 | 3 | 4

export interface OutputRecord {
  readonly source: OutputSource
  readonly nanos: bigint
  readonly bytes: Buffer
}

/** The most bytes of one record; a process's chunks are no bigger. */
export const RECORD_LIMIT = 64 * 1024

/** One record of output as a piece of its own. */
export const encodeOutput = (record: OutputRecord): Buffer => {
  const piece = Buffer.allocUnsafe(OUTPUT_HEAD + record.bytes.length)
  piece[0] = record.source
  piece.writeBigUInt64BE(record.nanos, 1)
  piece.writeUInt32BE(record.bytes.length, 9)
  record.bytes.copy(piece, OUTPUT_HEAD)
  return piece
}

export type InputRecord =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "end" }
  | { readonly kind: "resize"; readonly rows: number; readonly columns: number }
  | { readonly kind: "signal"; readonly signal: number }

const inputKinds = ["bytes", "end", "resize", "signal"] as const

const inputBody = (record: InputRecord): Buffer => {
  if (record.kind === "bytes") return record.bytes
  if (record.kind === "end") return Buffer.alloc(0)
  const body = Buffer.alloc(4)
  if (record.kind === "signal") body.writeUInt32BE(record.signal)
  else {
    body.writeUInt16BE(record.rows, 0)
    body.writeUInt16BE(record.columns, 2)
  }
  return body
}

export const encodeInput = (record: InputRecord): Buffer => {
  const body = inputBody(record)
  const head = Buffer.alloc(INPUT_HEAD)
  head[0] = inputKinds.indexOf(record.kind)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

const decodeInput = (kind: number, body: Buffer): InputRecord => {
  switch (inputKinds[kind]) {
    case "bytes":
      return { kind: "bytes", bytes: body }
    case "end":
      return { kind: "end" }
    case "resize":
      return { kind: "resize", rows: body.readUInt16BE(0), columns: body.readUInt16BE(2) }
    case "signal":
      return { kind: "signal", signal: body.readUInt32BE(0) }
    default:
      throw new RangeError(`a record of unknown kind ${kind}`)
  }
}

/** Cuts a byte stream into records, however it comes in pieces. `take` also says how many bytes they end at. */
class Cutter<T> {
  readonly #head: number
  readonly #lengthAt: number
  readonly #decode: (head: Buffer, body: Buffer) => T
  #held = Buffer.alloc(0)

  constructor(head: number, lengthAt: number, decode: (head: Buffer, body: Buffer) => T) {
    this.#head = head
    this.#lengthAt = lengthAt
    this.#decode = decode
  }

  /** Bytes of a record that is not whole yet. */
  get partial(): number {
    return this.#held.length
  }

  push(bytes: Buffer): Array<T> {
    let all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    const records: Array<T> = []
    while (all.length >= this.#head) {
      const length = all.readUInt32BE(this.#lengthAt)
      if (length > RECORD_LIMIT) throw new RangeError(`a record of ${length} bytes`)
      if (all.length < this.#head + length) break
      records.push(this.#decode(all.subarray(0, this.#head), all.subarray(this.#head, this.#head + length)))
      all = all.subarray(this.#head + length)
    }
    this.#held = Buffer.from(all)
    return records
  }
}

const sourceOf = (byte: number | undefined): OutputSource => {
  if (byte === 1 || byte === 2 || byte === 3 || byte === 4) return byte
  throw new RangeError(`a record of unknown source ${byte}`)
}

/** Reads output records from the pieces of a stream. */
export const outputCutter = (): Cutter<OutputRecord> =>
  new Cutter(OUTPUT_HEAD, 9, (head, bytes) => ({
    source: sourceOf(head[0]),
    nanos: head.readBigUInt64BE(1),
    bytes
  }))

/** Reads input records from the pieces of a stream. */
export const inputCutter = (): Cutter<InputRecord> =>
  new Cutter(INPUT_HEAD, 1, (head, body) => decodeInput(head[0] ?? 255, body))

/**
 * conmon's k8s-file log, one record per line:
 * `2026-11-24T13:42:43.439427964+00:00 stdout F text\n`. The header has a fixed length because conmon always writes
 * nine digits and a numeric offset. `P` marks a part of a line, `F` its end; only `F` stands for a newline in the
 * original, so the bytes of the process are restored exactly.
 */
export const HEADER_BYTES = 45
const TIME_BYTES = 29
const STREAM_AT = 39
const FLAG_AT = 43
const OFFSET_AT = 29
const STDERR_LETTER = 0x65
const PARTIAL_LETTER = 0x50

/** 1 for stdout, 2 for stderr: the number in Docker's frame header. */
export const streamOf = (block: Buffer, start: number): 1 | 2 => (block[start + STREAM_AT] === STDERR_LETTER ? 2 : 1)

export const isPartial = (block: Buffer, start: number): boolean => block[start + FLAG_AT] === PARTIAL_LETTER

const isUtc = (block: Buffer, start: number): boolean =>
  block.toString("latin1", start + OFFSET_AT + 1, start + OFFSET_AT + 6) === "00:00"

const MILLION = 1_000_000n

/** The record's time in nanoseconds since the epoch. */
export const nanosOf = (block: Buffer, start: number): bigint => {
  const text = block.toString("latin1", start, start + TIME_BYTES + 6)
  const millis = Date.parse(`${text.slice(0, 23)}${text.slice(TIME_BYTES)}`)
  return BigInt(millis) * MILLION + BigInt(text.slice(23, TIME_BYTES))
}

/** The record's time as Docker prints it: UTC, nine digits. */
export const utcTimeOf = (block: Buffer, start: number): string => {
  const text = block.toString("latin1", start, start + TIME_BYTES)
  if (isUtc(block, start)) return `${text}Z`
  const nanos = nanosOf(block, start)
  const seconds = new Date(Number(nanos / MILLION)).toISOString().slice(0, 19)
  return `${seconds}.${String(nanos % (MILLION * 1000n)).padStart(9, "0")}Z`
}

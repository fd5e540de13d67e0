import { imageFault } from "./faults.ts"

/** Everything in a tar stands in blocks of this size. */
export const BLOCK_BYTES = 512
const SIZE_DIGITS = 11

/** What a header block says, before PAX and GNU extensions. */
export interface TarHeader {
  readonly name: string
  readonly linkname: string
  /** The type flag; the old NUL is read as a plain file's `0`. */
  readonly type: string
  /** Bytes of content that follow; headers of links, folders and nodes have none, whatever they say. */
  readonly size: number
}

const broken = (what: string) => imageFault("invalid", `archive/tar: invalid tar header: ${what}`)

const text = (block: Buffer, from: number, length: number): string => {
  const field = block.subarray(from, from + length)
  const end = field.indexOf(0)
  return (end === -1 ? field : field.subarray(0, end)).toString("utf8")
}

/** Octal digits, or GNU's base 256 where the first bit is set. */
const numeric = (block: Buffer, from: number, length: number, what: string): number => {
  const field = block.subarray(from, from + length)
  const first = field[0] ?? 0
  if ((first & 0x80) === 0) {
    const digits = text(block, from, length).trim()
    if (digits !== "" && !/^[0-7]+$/.test(digits)) throw broken(`${what} ${JSON.stringify(digits)}`)
    return digits === "" ? 0 : Number.parseInt(digits, 8)
  }
  let value = first & 0x7f
  for (const byte of field.subarray(1)) value = value * 256 + byte
  if (first === 0xff || !Number.isSafeInteger(value)) throw broken(`${what} out of range`)
  return value
}

const checkSum = (block: Buffer): void => {
  const told = numeric(block, 148, 8, "checksum")
  let sum = 8 * 32
  for (let at = 0; at < BLOCK_BYTES; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0
  if (sum !== told) throw broken("wrong checksum")
}

/** Reads one header block. */
export const readHeader = (block: Buffer): TarHeader => {
  checkSum(block)
  const flag = String.fromCharCode(block[156] ?? 0)
  const type = flag === "\0" ? "0" : flag
  const posix = block.toString("latin1", 257, 263) === "ustar\0"
  const prefix = posix ? text(block, 345, 155) : ""
  const name = text(block, 0, 100)
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkname: text(block, 157, 100),
    type,
    size: "123456".includes(type) ? 0 : numeric(block, 124, 12, "size")
  }
}

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`

/** What a header written by us says; owner and group are root. */
export interface WrittenHeader {
  readonly name: string
  readonly size: number
  readonly mode: number
  /** `0` is a plain file, `3` a character device (0:0). */
  readonly type: "0" | "3" | "L"
}

const oneBlock = ({ name, size, mode, type }: WrittenHeader): Buffer => {
  if (size >= 8 ** SIZE_DIGITS) throw broken(`${name} is too large for a tar`)
  const block = Buffer.alloc(BLOCK_BYTES)
  block.write(name, 0, 100)
  block.write(octal(mode, 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(size, SIZE_DIGITS), 124)
  block.write(octal(0, SIZE_DIGITS), 136)
  block.write(" ".repeat(8), 148)
  block.write(type, 156)
  block.write("ustar\u000000", 257)
  block.write(octal(0, 7), 329)
  block.write(octal(0, 7), 337)
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6
    )} `,
    148
  )
  return block
}

/** Zeros from the end of content to the next block. */
export const padding = (size: number): Buffer => Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES)

/** A header's bytes; a name beyond 100 bytes goes ahead in GNU's long form. */
export const writeHeader = (header: WrittenHeader): Buffer => {
  const name = Buffer.from(`${header.name}\0`)
  if (name.length <= 101) return oneBlock(header)
  const long = oneBlock({ name: "././@LongLink", size: name.length, mode: 0, type: "L" })
  return Buffer.concat([long, name, padding(name.length), oneBlock({ ...header, name: header.name.slice(0, 50) })])
}

/** The two blocks that end a tar. */
export const tarEnd: Buffer = Buffer.alloc(2 * BLOCK_BYTES)

/** One entry of a tar, told as the header tells it: a lie stays a lie. */
export interface RawEntry {
  readonly name: string
  /** The type flag; a plain file unless told. */
  readonly type?: string
  readonly linkname?: string
  readonly content?: string | Buffer
  /** The size field as text, when it is not the content's. */
  readonly size?: string
  readonly mode?: number
  /** `true` writes a checksum that does not hold. */
  readonly wrongChecksum?: boolean
}

const BLOCK = 512

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`

const header = (entry: RawEntry, size: number): Buffer => {
  const block = Buffer.alloc(BLOCK)
  block.write(entry.name, 0, 100, "latin1")
  block.write(octal(entry.mode ?? (entry.type === "5" ? 0o755 : 0o644), 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(entry.size ?? octal(size, 11), 124, 12, "latin1")
  block.write(octal(1_700_000_000, 11), 136)
  block.write(" ".repeat(8), 148)
  block.write(entry.type ?? "0", 156)
  block.write(entry.linkname ?? "", 157, 100, "latin1")
  block.write("ustar\u000000", 257)
  const sum = block.reduce((total, byte) => total + byte, entry.wrongChecksum === true ? 1 : 0)
  block.write(`${octal(sum, 6)} `, 148)
  return block
}

/** The bytes of a tar; nothing in it is checked. Without `end` the two closing blocks are missing. */
export const rawTar = (entries: ReadonlyArray<RawEntry>, end = true): Buffer =>
  Buffer.concat([
    ...entries.flatMap((entry) => {
      const content = Buffer.from(entry.content ?? "")
      return [header(entry, content.length), content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]
    }),
    ...(end ? [Buffer.alloc(2 * BLOCK)] : [])
  ])

/** A PAX header in front of the next entry. */
export const paxEntry = (records: Readonly<Record<string, string>>): RawEntry => ({
  name: "pax",
  type: "x",
  content: Object.entries(records)
    .map(([key, value]) => {
      const body = ` ${key}=${value}\n`
      let length = Buffer.byteLength(body)
      while (Buffer.byteLength(`${length}${body}`) !== length) length = Buffer.byteLength(`${length}${body}`)
      return `${length}${body}`
    })
    .join("")
})

import { imageFault } from "./faults.ts"
import { BLOCK_BYTES, readHeader, type TarHeader } from "./tar-header.ts"

/** PAX records and long names are kept in memory: no honest one comes near this. */
const EXTENSION_LIMIT_BYTES = 1024 * 1024

/** An entry with its extensions applied. */
export interface TarEntry extends TarHeader {
  /** All blocks that stand before the content, extensions included. */
  readonly blocks: Buffer
}

/** What one piece of a tar holds, in order. */
export type TarEvent =
  | { readonly kind: "entry"; readonly entry: TarEntry }
  | { readonly kind: "content"; readonly bytes: Buffer }
  /** Fills the last block of the content. */
  | { readonly kind: "padding"; readonly bytes: Buffer }

interface Extensions {
  name: string | undefined
  linkname: string | undefined
  size: number | undefined
}

const invalid = (what: string) => imageFault("invalid", `archive/tar: ${what}`)

const none = (): Extensions => ({ name: undefined, linkname: undefined, size: undefined })

/** `length key=value\n`, again and again. */
const paxRecords = (content: Buffer): ReadonlyMap<string, string> => {
  const records = new Map<string, string>()
  let at = 0
  while (at < content.length && content[at] !== 0) {
    const space = content.indexOf(32, at)
    const length = Number(content.toString("latin1", at, Math.min(space === -1 ? at : space, at + 12)))
    const end = at + length
    if (!Number.isInteger(length) || end <= space + 1 || end > content.length || content[end - 1] !== 10)
      throw invalid("invalid PAX record")
    const record = content.toString("utf8", space + 1, end - 1)
    const equals = record.indexOf("=")
    if (equals < 1) throw invalid("invalid PAX record")
    records.set(record.slice(0, equals), record.slice(equals + 1))
    at = end
  }
  return records
}

/**
 * Reads the structure of a tar as its bytes come and keeps nothing but the blocks before an entry's content, which are
 * bounded. Throws an `ImageFault` for what is no tar.
 */
export class TarScanner {
  #pending: Buffer = Buffer.alloc(0)
  #blocks: Array<Buffer> = []
  #extensions = none()
  #collecting: { readonly type: string; readonly size: number } | undefined
  #content = 0
  #padding = 0
  #ended = false

  /** The events of the next bytes. Bytes after the end of the tar are ignored, as GNU tar does. */
  push(chunk: Buffer): ReadonlyArray<TarEvent> {
    const events: Array<TarEvent> = []
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    this.#pending = Buffer.alloc(0)
    while (rest.length > 0 && !this.#ended) {
      const taken = this.#step(rest, events)
      if (taken === 0) {
        this.#pending = rest
        return events
      }
      rest = rest.subarray(taken)
    }
    return events
  }

  /** Content that comes next and need not be looked at; to be asked between two pieces. */
  get contentLeft(): number {
    return this.#content
  }

  /** Goes over content that is not pushed. */
  skip(bytes: number): void {
    this.#content -= Math.min(bytes, this.#content)
  }

  /** To be called after the last byte; a tar without its closing blocks is one all the same. */
  finish(): void {
    const midway = this.#content > 0 || this.#padding > 0 || this.#blocks.length > 0 || this.#collecting !== undefined
    if (!this.#ended && (midway || this.#pending.length > 0)) throw invalid("unexpected EOF")
  }

  /** Takes one thing from the front; 0 when more bytes are needed. */
  #step(rest: Buffer, events: Array<TarEvent>): number {
    if (this.#content > 0) {
      const bytes = rest.subarray(0, this.#content)
      this.#content -= bytes.length
      events.push({ kind: "content", bytes })
      return bytes.length
    }
    if (this.#padding > 0) {
      const bytes = rest.subarray(0, this.#padding)
      this.#padding -= bytes.length
      events.push({ kind: "padding", bytes })
      return bytes.length
    }
    return this.#collecting === undefined ? this.#header(rest, events) : this.#extension(this.#collecting, rest)
  }

  #header(rest: Buffer, events: Array<TarEvent>): number {
    if (rest.length < BLOCK_BYTES) return 0
    const block = rest.subarray(0, BLOCK_BYTES)
    if (block[0] === 0 && block.every((byte) => byte === 0)) {
      if (this.#blocks.length > 0) throw invalid("an extension without an entry")
      this.#ended = true
      return BLOCK_BYTES
    }
    const header = readHeader(block)
    this.#blocks.push(block)
    if ("xgLK".includes(header.type)) {
      if (header.size > EXTENSION_LIMIT_BYTES)
        throw invalid(`a header of ${header.size} bytes, allowed are ${EXTENSION_LIMIT_BYTES}`)
      this.#collecting = { type: header.type, size: header.size }
    } else events.push({ kind: "entry", entry: this.#entry(header) })
    return BLOCK_BYTES
  }

  #entry(header: TarHeader): TarEntry {
    if (!"01234567".includes(header.type))
      throw invalid(`unhandled tar header type ${JSON.stringify(header.type)} of "${header.name}"`)
    const { name = header.name, linkname = header.linkname, size = header.size } = this.#extensions
    if (name.includes("\0") || linkname.includes("\0")) throw invalid("a name with a NUL byte")
    const blocks = this.#blocks.length === 1 ? (this.#blocks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#blocks)
    this.#blocks = []
    this.#extensions = none()
    this.#content = "07".includes(header.type) ? size : 0
    this.#padding = (BLOCK_BYTES - (this.#content % BLOCK_BYTES)) % BLOCK_BYTES
    return { ...header, name, linkname, size: this.#content, blocks }
  }

  #extension({ type, size }: { readonly type: string; readonly size: number }, rest: Buffer): number {
    const whole = Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
    if (rest.length < whole) return 0
    this.#collecting = undefined
    this.#apply(type, rest.subarray(0, size))
    this.#blocks.push(rest.subarray(0, whole))
    const kept = this.#blocks.reduce((sum, block) => sum + block.length, 0)
    if (kept > 2 * EXTENSION_LIMIT_BYTES) throw invalid("too many headers before an entry")
    return whole
  }

  #apply(type: string, content: Buffer): void {
    if (type === "L" || type === "K") {
      const name = content.toString("utf8").replace(/\0[^]*$/, "")
      if (type === "L") this.#extensions.name = name
      else this.#extensions.linkname = name
      return
    }
    const records = paxRecords(content)
    const size = records.get("size")
    if (size !== undefined && (!/^\d{1,15}$/.test(size) || type === "g")) throw invalid(`invalid PAX size ${size}`)
    if (type === "g" && (records.has("path") || records.has("linkpath")))
      throw invalid("a global PAX header with a path")
    if (type === "g") return
    this.#extensions = {
      name: records.get("path") ?? this.#extensions.name,
      linkname: records.get("linkpath") ?? this.#extensions.linkname,
      size: size === undefined ? this.#extensions.size : Number(size)
    }
  }
}

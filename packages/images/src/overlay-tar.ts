import { Readable } from "node:stream"
import { extract, type Header, pack } from "tar-stream"
import { imageFault } from "./faults.ts"

const WHITEOUT = ".wh."
const OPAQUE = ".wh..wh..opq"

const clean = (name: string, what: string): string => {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".")
  if (parts.includes("..")) throw imageFault("invalid", `invalid ${what} "${name}" in layer: it leaves the root`)
  return parts.join("/")
}

const split = (name: string): { readonly folder: string; readonly base: string } => {
  const slash = name.lastIndexOf("/")
  return { folder: slash === -1 ? "" : name.slice(0, slash), base: name.slice(slash + 1) }
}

/** The entry as overlayfs wants it; undefined for marks that become no file. */
const rewritten = (header: Header, opaque: Array<string>): Header | undefined => {
  const name = clean(header.name, "name")
  const { folder, base } = split(name)
  if (base === OPAQUE) {
    opaque.push(folder)
    return undefined
  }
  if (base.startsWith(`${WHITEOUT}${WHITEOUT}`)) return undefined
  if (base.startsWith(WHITEOUT)) {
    const hidden = base.slice(WHITEOUT.length)
    return {
      ...header,
      name: folder === "" ? hidden : `${folder}/${hidden}`,
      type: "character-device",
      devmajor: 0,
      devminor: 0,
      size: 0,
      mode: 0,
      pax: null
    }
  }
  const linkname = header.type === "link" ? clean(header.linkname, "hard link") : header.linkname
  return { ...header, name: name === "" ? "." : name, linkname }
}

/** An entry's name and extended attributes travel in its PAX records; the names tar-stream made itself must not. */
const paxOf = (header: Header): Record<string, unknown> | undefined => {
  const records: Record<string, unknown> =
    typeof header.pax === "object" && header.pax !== null ? { ...header.pax } : {}
  const kept = Object.fromEntries(Object.entries(records).filter(([key]) => key.startsWith("SCHILY.xattr.")))
  return Object.keys(kept).length === 0 ? undefined : kept
}

/**
 * A layer's tar as one that GNU tar unpacks into an overlayfs folder: whiteouts become 0:0 devices, names are checked.
 * `opaque` is complete when the output has ended.
 */
export const overlayTar = (input: Readable): { readonly output: Readable; readonly opaque: ReadonlyArray<string> } => {
  const opaque: Array<string> = []
  const parse = extract()
  const write = pack()
  const feed = async (): Promise<void> => {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      if (!parse.write(chunk)) await new Promise<void>((resolve) => parse.once("drain", () => resolve()))
    }
    parse.end(undefined)
  }
  const convert = async (): Promise<void> => {
    for await (const entry of parse) {
      const header = rewritten(entry.header, opaque)
      if (header === undefined) {
        entry.resume()
        continue
      }
      const pax = paxOf(entry.header)
      const sink = write.entry({ ...header, ...(pax === undefined ? { pax: null } : { pax }) })
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        if (!sink.write(chunk)) await new Promise<void>((resolve) => sink.once("drain", () => resolve()))
      }
      sink.end(undefined)
    }
    write.finalize()
  }
  const fail = (error: Error): void => {
    parse.destroy(error)
    write.destroy(error)
  }
  feed().catch(fail)
  convert().catch(fail)
  return { output: Readable.from(write as AsyncIterable<Buffer>, { objectMode: false }), opaque }
}

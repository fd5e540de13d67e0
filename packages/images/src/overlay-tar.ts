import { imageFault } from "./faults.ts"
import { writeHeader } from "./tar-header.ts"
import { type TarEntry, TarScanner } from "./tar-scanner.ts"

const WHITEOUT = ".wh."
const OPAQUE = ".wh..wh..opq"

const parts = (name: string): ReadonlyArray<string> => name.split("/").filter((part) => part !== "" && part !== ".")

const mustStay = (name: string, what: string): ReadonlyArray<string> => {
  const path = parts(name)
  if (path.includes("..")) throw imageFault("invalid", `invalid ${what} "${name}" in layer: it leaves the root`)
  return path
}

/** What becomes of an entry: its own blocks, other ones, or nothing. */
const rewritten = (entry: TarEntry, opaque: Array<string>): Buffer | undefined => {
  const path = mustStay(entry.name, "name")
  if (entry.type === "1") mustStay(entry.linkname, "hard link")
  const base = path.at(-1) ?? ""
  if (!base.startsWith(WHITEOUT)) return entry.blocks
  const folder = path.slice(0, -1)
  if (base === OPAQUE) {
    opaque.push(folder.join("/"))
    return undefined
  }
  // Other marks of aufs have no meaning outside it.
  if (base.startsWith(`${WHITEOUT}${WHITEOUT}`)) return undefined
  const hidden = base.slice(WHITEOUT.length)
  if (hidden === "" || hidden === "." || hidden === "..")
    throw imageFault("invalid", `invalid whiteout "${entry.name}" in layer`)
  return writeHeader({ name: [...folder, hidden].join("/"), size: 0, mode: 0, type: "3" })
}

/**
 * Turns a layer's tar, piece by piece, into one that GNU tar unpacks into an overlayfs folder: whiteouts become 0:0
 * devices, names are checked, all other bytes stay as they are. `opaque` is complete after `finish`.
 */
export class OverlayTar {
  readonly opaque: Array<string> = []
  readonly #scanner = new TarScanner()
  #dropping = false

  /** What goes out for these bytes. Throws an `ImageFault` for what no layer may hold. */
  push(chunk: Buffer): ReadonlyArray<Buffer> {
    const out: Array<Buffer> = []
    for (const event of this.#scanner.push(chunk)) {
      if (event.kind === "entry") {
        const blocks = rewritten(event.entry, this.opaque)
        this.#dropping = blocks !== event.entry.blocks
        if (blocks !== undefined) out.push(blocks)
      } else if (!this.#dropping) out.push(event.bytes)
    }
    return out
  }

  /** To be called after the last byte; fails for a tar that was cut. */
  finish(): void {
    this.#scanner.finish()
  }
}

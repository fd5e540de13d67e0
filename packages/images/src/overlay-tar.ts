import { open } from "node:fs/promises"
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
  #changed = false

  /** Whether anything of what was pushed went out in another form. */
  get changed(): boolean {
    return this.#changed
  }

  get contentLeft(): number {
    return this.#scanner.contentLeft
  }

  /** Goes over content that is not pushed. */
  skip(bytes: number): void {
    this.#scanner.skip(bytes)
  }

  /** What goes out for these bytes. Throws an `ImageFault` for what no layer may hold. */
  push(chunk: Buffer): ReadonlyArray<Buffer> {
    const out: Array<Buffer> = []
    for (const event of this.#scanner.push(chunk)) {
      if (event.kind === "entry") {
        const blocks = rewritten(event.entry, this.opaque)
        this.#dropping = blocks !== event.entry.blocks
        this.#changed ||= this.#dropping
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

const WINDOW_BYTES = 1024 * 1024

/** Whether a plain tar on disk is what overlayfs wants as it stands. Content is gone over, not read. */
export const needsNoChange = async (path: string): Promise<boolean> => {
  const file = await open(path, "r")
  try {
    const { size } = await file.stat()
    const overlay = new OverlayTar()
    let at = 0
    while (at < size && !overlay.changed) {
      // A window of its own each time: the scanner may keep a part of it.
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(WINDOW_BYTES), 0, WINDOW_BYTES, at)
      if (bytesRead === 0) break
      overlay.push(buffer.subarray(0, bytesRead))
      at += bytesRead
      const skipped = Math.min(overlay.contentLeft, size - at)
      overlay.skip(skipped)
      at += skipped
    }
    if (!overlay.changed) overlay.finish()
    return !overlay.changed
  } finally {
    await file.close()
  }
}

import { closeSync, existsSync, openSync, rmSync, statfsSync, writeSync } from "node:fs"
import { dirname } from "node:path"

const CHUNK = Buffer.alloc(1024 * 1024, 1)

/**
 * A file that only takes up room. SQLite needs room even to delete, so on a full disk the ballast is dropped and
 * removals go on working; it comes back when there is room for it twice.
 */
export class Ballast {
  readonly #path: string
  readonly #bytes: number

  constructor(path: string, bytes: number) {
    this.#path = path
    this.#bytes = bytes
  }

  /** Writes the file when it is absent and the disk has twice its size free. Real blocks, not a hole. */
  restore(): void {
    if (this.#bytes === 0 || existsSync(this.#path)) return
    const disk = statfsSync(dirname(this.#path))
    if (disk.bavail * disk.bsize < this.#bytes * 2) return
    const fd = openSync(this.#path, "wx", 0o600)
    for (let left = this.#bytes; left > 0; left -= CHUNK.length) {
      writeSync(fd, CHUNK, 0, Math.min(left, CHUNK.length))
    }
    closeSync(fd)
  }

  /** Gives the room back; false when there was no ballast left to drop. */
  drop(): boolean {
    if (!existsSync(this.#path)) return false
    rmSync(this.#path)
    return true
  }
}

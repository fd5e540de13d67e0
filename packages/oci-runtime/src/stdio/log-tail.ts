import type { FileHandle } from "node:fs/promises"
import { HEADER_BYTES, isPartial } from "./log-format.ts"

const BLOCK_BYTES = 64 * 1024
const NEWLINE = 10

/**
 * Offset of the record that starts the last `count` lines of a log of `size` bytes, found by reading backwards. A line
 * is one or more partial records and the full one that ends it; an unfinished last line counts.
 */
export const tailOffset = async (file: FileHandle, size: number, count: number): Promise<number> => {
  if (count <= 0) return size
  let lines = 0
  let later: Buffer = Buffer.alloc(0)
  let blockStart = size
  let lineStart = size
  let newest = true
  while (blockStart > 0) {
    const length = Math.min(BLOCK_BYTES, blockStart)
    blockStart -= length
    const block = Buffer.allocUnsafe(length)
    await file.read(block, 0, length, blockStart)
    // `later` carries the beginning of a record whose start lies further back.
    const window: Buffer = Buffer.concat([block, later])
    let end = window.length
    while (end > 0) {
      const previous = end >= 2 ? window.lastIndexOf(NEWLINE, end - 2) : -1
      if (previous === -1 && blockStart > 0) break
      const start = previous + 1
      if (end - start >= HEADER_BYTES && (!isPartial(window, start) || newest)) {
        if (lines === count) return lineStart
        lines += 1
      }
      newest = false
      lineStart = blockStart + start
      end = start
    }
    later = window.subarray(0, end)
  }
  return 0
}

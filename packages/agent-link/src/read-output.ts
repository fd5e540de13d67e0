import { type FileHandle, open } from "node:fs/promises"
import { outputCutter, type OutputRecord } from "./protocol/index.ts"

/** What a reader of a growing log waits for. */
export interface Growth {
  /** Changes with each change of the file. */
  readonly version: () => number
  /** Resolves when the version is not that one any more, or nothing will ever come; true in the latter case. */
  readonly next: (version: number) => Promise<boolean>
}

export interface ReadOptions {
  /** Goes on with what comes, until the process has ended. */
  readonly follow: boolean
  /** Only what comes after this moment. */
  readonly onlyNew: boolean
  readonly signal?: AbortSignal
}

const READ_BYTES = 256 * 1024

const readAt = async (file: FileHandle, at: number): Promise<Buffer> => {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, at)
  return buffer.subarray(0, bytesRead)
}

/** Where the next whole record will begin: the records' heads tell how far each reaches. */
const endOfRecords = async (file: FileHandle): Promise<number> => {
  const cutter = outputCutter()
  let at = 0
  for (;;) {
    const bytes = await readAt(file, at)
    if (bytes.length === 0) return at - cutter.partial
    at += bytes.length
    cutter.push(bytes)
  }
}

/**
 * The records of a log, in order, each once; a reader that is slow holds up nobody else, because it reads the file.
 * Ends with the file, or with the process when it follows; the daemon's notes on gaps are among the records.
 */
export async function* readOutput(
  path: string,
  growth: Growth,
  options: ReadOptions
): AsyncGenerator<OutputRecord, void, void> {
  const file = await open(path, "r")
  try {
    let cutter = outputCutter()
    let at = options.onlyNew ? await endOfRecords(file) : 0
    let isLast = !options.follow
    while (options.signal?.aborted !== true) {
      const version = growth.version()
      const bytes = await readAt(file, at)
      at += bytes.length
      yield* cutter.push(bytes)
      if (bytes.length > 0) continue
      if (isLast) return
      isLast = await growth.next(version)
      // A gap cuts the record that is not whole: it is read anew.
      at -= cutter.partial
      cutter = outputCutter()
    }
  } finally {
    await file.close()
  }
}

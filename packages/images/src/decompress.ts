import { spawn } from "node:child_process"
import { PassThrough, pipeline, type Readable } from "node:stream"
import { createGunzip, createZstdDecompress } from "node:zlib"
import { imageFault } from "./faults.ts"

const MAGIC_BYTES = 6

const startsWith = (head: Buffer, bytes: ReadonlyArray<number>): boolean => bytes.every((byte, at) => head[at] === byte)

/** Reads until there are enough bytes to tell the compression; fails when the input does. */
const firstBytes = async (input: Readable): Promise<Buffer> => {
  const pieces: Array<Buffer> = []
  let length = 0
  while (length < MAGIC_BYTES) {
    const piece: Buffer | null = input.read() as Buffer | null
    if (piece !== null) {
      pieces.push(piece)
      length += piece.length
      continue
    }
    if (input.errored) throw input.errored
    if (input.readableEnded || input.closed) break
    const more = await new Promise<boolean>((resolve, reject) => {
      const settle = (answer: () => void) => () => {
        for (const [event, listener] of listeners) input.off(event, listener)
        answer()
      }
      const listeners = [
        ["readable", settle(() => resolve(true))],
        ["end", settle(() => resolve(false))],
        ["close", settle(() => resolve(false))],
        ["error", settle(() => reject(input.errored ?? new Error("unexpected EOF")))]
      ] as const
      for (const [event, listener] of listeners) input.on(event, listener)
    })
    if (!more) break
  }
  const head = Buffer.concat(pieces)
  if (head.length > 0) input.unshift(head)
  return head
}

/** The failure of either side reaches the reader of the output; ending the output early ends both. */
const joined = (input: Readable, decoder: NodeJS.ReadWriteStream & Readable): Readable =>
  // The callback takes errors that are told to the reader already.
  pipeline(input, decoder, () => undefined)

const through = (input: Readable, command: string): Readable => {
  const child = spawn(command, ["-dc"], { stdio: ["pipe", "pipe", "ignore"] })
  const output = new PassThrough()
  const corrupt = () => imageFault("invalid", `${command}: the data is corrupt`)
  child.once("error", (error) => output.destroy(imageFault("failed", `${command} cannot be started: ${error.message}`)))
  child.once("close", (code) => (code === 0 ? output.end() : output.destroy(corrupt())))
  output.once("close", () => child.kill("SIGKILL"))
  input.once("error", (error) => output.destroy(error))
  pipeline(input, child.stdin, () => undefined)
  child.stdout.pipe(output, { end: false })
  return output
}

const decoded = (input: Readable, head: Buffer): Readable => {
  if (startsWith(head, [0x1f, 0x8b])) return joined(input, createGunzip())
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd])) return joined(input, createZstdDecompress())
  if (startsWith(head, [0x42, 0x5a, 0x68])) return through(input, "bzip2")
  if (startsWith(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])) return through(input, "xz")
  return input
}

/** The stream keeps its failure for whoever reads it; one that comes before the reader does must not end the daemon. */
const toldToReader = (): void => undefined

/** The plain tar of a possibly compressed one, told by its first bytes: gzip, zstd, bzip2 or xz. */
export const decompressed = async (input: Readable): Promise<Readable> => {
  input.on("error", toldToReader)
  const output = decoded(input, await firstBytes(input))
  output.on("error", toldToReader)
  return output
}

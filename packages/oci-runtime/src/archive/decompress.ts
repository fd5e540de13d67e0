import { spawn } from "node:child_process"
import { PassThrough, pipeline, type Readable } from "node:stream"
import { createGunzip, createZstdDecompress } from "node:zlib"
import { Refusal } from "./refusal.ts"

const MAGIC_BYTES = 6

const startsWith = (head: Buffer, bytes: ReadonlyArray<number>): boolean => bytes.every((byte, at) => head[at] === byte)

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
    if (input.readableEnded || input.closed) break
    const more = await new Promise<boolean>((resolve) => {
      input.once("readable", () => resolve(true))
      input.once("end", () => resolve(false))
      input.once("error", () => resolve(false))
    })
    if (!more) break
  }
  const head = Buffer.concat(pieces)
  if (head.length > 0) input.unshift(head)
  return head
}

const through = (input: Readable, command: string): Readable => {
  const child = spawn(command, ["-dc"], { stdio: ["pipe", "pipe", "ignore"] })
  const output = new PassThrough()
  // Kept by the stream for whoever reads it, which may come later.
  output.on("error", () => undefined)
  child.once("error", (error) => output.destroy(error))
  child.once("close", (code) =>
    code === 0 ? output.end() : output.destroy(new Refusal("invalid", `${command}: the data is corrupt`))
  )
  pipeline(input, child.stdin, () => undefined)
  child.stdout.pipe(output, { end: false })
  return output
}

/** The plain tar of a possibly compressed one, told by its first bytes: gzip, zstd, bzip2 or xz. */
export const decompressed = async (input: Readable): Promise<Readable> => {
  const head = await firstBytes(input)
  if (startsWith(head, [0x1f, 0x8b])) return pipeline(input, createGunzip(), () => undefined)
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd])) return pipeline(input, createZstdDecompress(), () => undefined)
  if (startsWith(head, [0x42, 0x5a, 0x68])) return through(input, "bzip2")
  if (startsWith(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])) return through(input, "xz")
  return input
}

import { assert, it } from "@effect/vitest"
import { PassThrough, Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { setTimeout } from "node:timers/promises"
import { gzipSync } from "node:zlib"
import { decompressed } from "../src/decompress.ts"

const garbage = Buffer.alloc(1000, 7)

/** Reads only long after it could have failed: a reader may be opening its file meanwhile. */
const readLate = async (input: Readable): Promise<string> => {
  const output = await decompressed(input)
  await setTimeout(300)
  return buffer(output).then(
    (bytes) => bytes.toString(),
    (error: Error) => `failed: ${error.message}`
  )
}

it("a failure that comes before the reader is kept for it", async () => {
  const heads: ReadonlyArray<readonly [Buffer, RegExp]> = [
    [Buffer.from("BZh9"), /^failed: bzip2: the data is corrupt$/],
    [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /^failed: xz: the data is corrupt$/],
    [Buffer.from([0x1f, 0x8b]), /^failed: /],
    [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), /^failed: /]
  ]
  for (const [head, expected] of heads)
    assert.match(await readLate(Readable.from([Buffer.concat([head, garbage])])), expected)
})

it("an input that breaks before it is read fails its reader, compressed or not", async () => {
  for (const start of [Buffer.from("plain text"), gzipSync(Buffer.alloc(100_000)).subarray(0, 20)]) {
    const input = new PassThrough()
    input.write(start)
    const reading = readLate(input)
    await setTimeout(50)
    input.destroy(new Error("the client is gone"))
    assert.match(await reading, /^failed: the client is gone$/)
  }
})

it("what is whole is read whole, also late", async () => {
  assert.strictEqual(await readLate(Readable.from([Buffer.from("plain text")])), "plain text")
  assert.strictEqual(await readLate(Readable.from([gzipSync("compressed text")])), "compressed text")
  assert.strictEqual(await readLate(Readable.from([])), "")
})

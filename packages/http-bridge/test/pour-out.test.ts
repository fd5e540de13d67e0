import { assert, it } from "@effect/vitest"
import { createServer, get, type Server } from "node:http"
import { PassThrough, Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { setTimeout } from "node:timers/promises"
import { pourOut } from "../src/pour-out.ts"

/** Serves one body and gives what a client reads of it, or "cut". */
const served = async (source: () => Readable, pauseMillis = 0): Promise<Buffer | "cut"> => {
  const server: Server = createServer((_, response) => void pourOut(source(), response))
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve(typeof address === "object" && address !== null ? address.port : 0)
    })
  })
  try {
    return await new Promise((resolve, reject) => {
      get({ port, host: "127.0.0.1", agent: false }, (response) => {
        void setTimeout(pauseMillis).then(() => buffer(response).then(resolve, () => resolve("cut")))
      }).once("error", reject)
    })
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

it("what is written and ended in one turn arrives whole and in order", async () => {
  for (const count of [0, 1, 2, 40]) {
    const pieces = Array.from({ length: count }, (_, at) => `piece ${at}\n`)
    const body = await served(() => {
      const source = new PassThrough()
      for (const piece of pieces) source.write(piece)
      return source.end()
    })
    assert.strictEqual(body.toString(), pieces.join(""))
  }
})

it("a large body arrives whole, also at a client that begins late", async () => {
  const piece = Buffer.alloc(70_000, "x")
  async function* many() {
    for (let at = 0; at < 300; at++) {
      piece.writeUInt32BE(at)
      yield Buffer.from(piece)
    }
  }
  for (const pause of [0, 200]) {
    const body = await served(() => Readable.from(many(), { objectMode: false }), pause)
    if (body === "cut") return assert.fail("cut")
    assert.strictEqual(body.length, 300 * piece.length)
    for (let at = 0; at < 300; at++) assert.strictEqual(body.readUInt32BE(at * piece.length), at)
  }
})

it("a source that fails cuts the connection, so that nobody takes a part for the whole", async () => {
  async function* breaking() {
    yield Buffer.from("some")
    await setTimeout(20)
    throw new Error("broken")
  }
  assert.strictEqual(await served(() => Readable.from(breaking(), { objectMode: false })), "cut")
})

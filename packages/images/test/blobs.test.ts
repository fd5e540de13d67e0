import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import { Blobs } from "../src/blobs.ts"
import { digestOf } from "./made-tar.ts"
import { folder } from "./folder.ts"

async function* pieces(...parts: ReadonlyArray<string>): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part)
}

const opened = Effect.gen(function* () {
  const root = yield* folder
  const blobs = new Blobs(root)
  yield* Effect.promise(() => blobs.open())
  return { root, blobs }
})

const files = (root: string) => readdir(join(root, "blobs"), { recursive: true }).then((names) => names.toSorted())

it.effect("content is found under its digest, whole, and its size is told", () =>
  Effect.gen(function* () {
    const { blobs } = yield* opened
    yield* Effect.promise(async () => {
      const progress: Array<number> = []
      const written = await blobs.write(pieces("some ", "", "content"), {
        digest: digestOf("some content"),
        size: 12,
        onProgress: (bytes) => progress.push(bytes)
      })
      assert.deepStrictEqual(written, { digest: digestOf("some content"), size: 12 })
      assert.strictEqual(progress.at(-1), 12)
      assert.isTrue(await blobs.has(written.digest))
      assert.strictEqual(await blobs.size(written.digest), 12)
      assert.strictEqual(await blobs.text(written.digest), "some content")
      assert.strictEqual((await buffer(blobs.read(written.digest))).toString(), "some content")
      assert.deepStrictEqual(await blobs.all(), [written.digest])
      await blobs.remove(written.digest)
      assert.deepStrictEqual(await blobs.all(), [])
    })
  })
)

it.effect("content that is not what was announced leaves nothing and is told apart", () =>
  Effect.gen(function* () {
    const { root, blobs } = yield* opened
    const refusal = (content: AsyncIterable<Buffer>, expected: Parameters<Blobs["write"]>[1]) =>
      blobs.write(content, expected).then(
        () => "written",
        (error: Error) => error.message
      )
    yield* Effect.promise(async () => {
      assert.strictEqual(
        await refusal(pieces("content"), { digest: digestOf("other") }),
        `filesystem layer verification failed for digest ${digestOf("other")}: the content has ${digestOf("content")}`
      )
      assert.strictEqual(
        await refusal(pieces("cont", "ent"), { size: 5 }),
        "unexpected size: the content is longer than the 5 bytes announced"
      )
      assert.strictEqual(await refusal(pieces("content"), { size: 8 }), "unexpected EOF: got 7 of 8 bytes")
      async function* breaking(): AsyncGenerator<Buffer> {
        yield Buffer.from("some")
        throw new Error("the line broke")
      }
      assert.strictEqual(await refusal(breaking(), {}), "the line broke")
      assert.deepStrictEqual(await files(root), ["drafts", "sha256"])
    })
  })
)

it.effect("the same content written many times at once is there once", () =>
  Effect.gen(function* () {
    const { root, blobs } = yield* opened
    const text = "x".repeat(3_000_000)
    yield* Effect.promise(async () => {
      await Promise.all(
        Array.from({ length: 8 }, () => blobs.write(pieces(text.slice(0, 1_000_000), text.slice(1_000_000))))
      )
      assert.deepStrictEqual(await files(root), ["drafts", "sha256", `sha256/${digestOf(text).slice(7)}`])
      assert.strictEqual(digestOf(await buffer(blobs.read(digestOf(text)))), digestOf(text))
    })
  })
)

it.effect("opening forgets what was half-written", () =>
  Effect.gen(function* () {
    const { root, blobs } = yield* opened
    yield* Effect.promise(async () => {
      await blobs.writeText("kept")
      await writeFile(join(root, "blobs/drafts/0123456789abcdef"), "half")
      await new Blobs(root).open()
      assert.deepStrictEqual(await files(root), ["drafts", "sha256", `sha256/${digestOf("kept").slice(7)}`])
    })
  })
)

it.effect("a digest that is none never becomes a path", () =>
  Effect.gen(function* () {
    const { blobs } = yield* opened
    for (const digest of [
      "",
      "sha256:",
      "sha256:../../x",
      `sha512:${"0".repeat(64)}`,
      `sha256:${"G".repeat(64)}`,
      `sha256:${"0".repeat(65)}`
    ])
      assert.throws(
        () => blobs.path(digest),
        `invalid digest ${JSON.stringify(digest)}, allowed is sha256:<64 hex digits>`
      )
    yield* Effect.void
  })
)

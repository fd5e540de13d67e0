import { assert, describe, it } from "@effect/vitest"
import { appendFileSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readLog, type ReadLogOptions } from "../../src/index.ts"

const newLog = (content: string) => {
  const path = join(mkdtempSync(join(tmpdir(), "log-")), "container.log")
  writeFileSync(path, content)
  return path
}

const record = (second: number, stream: "stdout" | "stderr", flag: "F" | "P", text: string) =>
  `2026-11-24T13:42:${String(second).padStart(2, "0")}.439427964+00:00 ${stream} ${flag} ${text}\n`

const options = (over: Partial<ReadLogOptions> = {}): ReadLogOptions => ({
  follow: false,
  from: "start",
  stdout: true,
  stderr: true,
  framing: "multiplexed",
  timestamps: false,
  prefix: "",
  ended: AbortSignal.abort(),
  ...over
})

const collect = async (path: string, over: Partial<ReadLogOptions> = {}): Promise<Buffer> => {
  const pieces: Array<Buffer> = []
  for await (const piece of readLog(path, options(over))) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

const frames = (bytes: Buffer): ReadonlyArray<readonly [number, string]> => {
  const found: Array<readonly [number, string]> = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at + 4)
    found.push([bytes[at] ?? 0, bytes.toString("utf8", at + 8, at + 8 + length)])
    at += 8 + length
  }
  return found
}

const sample =
  record(1, "stdout", "F", "one") +
  record(2, "stderr", "F", "two") +
  record(3, "stdout", "P", "three-") +
  record(4, "stdout", "F", "four") +
  record(5, "stdout", "P", "$ ")

describe("readLog", () => {
  it("restores the bytes of each stream in order", async () => {
    assert.deepStrictEqual(frames(await collect(newLog(sample))), [
      [1, "one\n"],
      [2, "two\n"],
      [1, "three-four\n$ "]
    ])
    assert.strictEqual((await collect(newLog(sample), { framing: "raw" })).toString(), "one\ntwo\nthree-four\n$ ")
    assert.deepStrictEqual(frames(await collect(newLog(sample), { stdout: false })), [[2, "two\n"]])
  })

  it("puts one timestamp before each line, parts of a line included", async () => {
    assert.deepStrictEqual(frames(await collect(newLog(sample), { timestamps: true })), [
      [1, "2026-11-24T13:42:01.439427964Z one\n"],
      [2, "2026-11-24T13:42:02.439427964Z two\n"],
      [1, "2026-11-24T13:42:03.439427964Z three-"],
      [1, "four\n"],
      [1, "2026-11-24T13:42:05.439427964Z $ "]
    ])
  })

  it("gives the last lines, unfinished ones included", async () => {
    const text = async (tail: number) => (await collect(newLog(sample), { framing: "raw", tail })).toString()
    assert.strictEqual(await text(0), "")
    assert.strictEqual(await text(1), "$ ")
    assert.strictEqual(await text(2), "three-four\n$ ")
    assert.strictEqual(await text(3), "two\nthree-four\n$ ")
    assert.strictEqual(await text(99), "one\ntwo\nthree-four\n$ ")
  })

  it("finds the last lines of a long log across blocks", async () => {
    const lines = Array.from({ length: 5000 }, (_, i) =>
      record(i % 60, "stdout", "F", `line ${i} ${"x".repeat(i % 97)}`)
    )
    const output = (await collect(newLog(lines.join("")), { framing: "raw", tail: 2000 }))
      .toString()
      .trimEnd()
      .split("\n")
    assert.strictEqual(output.length, 2000)
    assert.isTrue(output[0]?.startsWith("line 3000 "))
  })

  it("keeps to a window of time", async () => {
    const at = (second: number) => BigInt(Date.UTC(2026, 10, 24, 13, 42, second)) * 1_000_000n
    assert.strictEqual(
      (await collect(newLog(sample), { framing: "raw", sinceNanos: at(2), untilNanos: at(4) })).toString(),
      "two\nthree-"
    )
  })

  it("follows what is appended and ends when the container has", async () => {
    const path = newLog(record(1, "stdout", "F", "old"))
    const ended = new AbortController()
    const collected = collect(path, { framing: "raw", follow: true, from: "end", ended: ended.signal })
    await new Promise((resolve) => setTimeout(resolve, 50))
    for (let i = 0; i < 200; i++) {
      const line = record(2, "stdout", "F", `line ${i}`)
      appendFileSync(path, line.slice(0, 30))
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      appendFileSync(path, line.slice(30))
    }
    ended.abort()
    assert.strictEqual((await collected).toString(), Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join(""))
  })

  it("stops at once when its reader leaves", async () => {
    const stream = readLog(newLog(sample), options({ follow: true, ended: new AbortController().signal }))
    stream.resume()
    await new Promise((resolve) => setTimeout(resolve, 20))
    const closed = new Promise((resolve) => stream.once("close", resolve))
    stream.destroy()
    await closed
  })

  it("reads a long log in pieces of bounded size", async () => {
    const records = 300_000
    const path = newLog(record(1, "stdout", "F", "y".repeat(99)).repeat(records))
    let bytes = 0
    for await (const piece of readLog(path, { ...options(), framing: "raw" })) {
      assert.isAtMost((piece as Buffer).length, 1024 * 1024)
      bytes += (piece as Buffer).length
    }
    assert.strictEqual(bytes, records * 100)
  })
})

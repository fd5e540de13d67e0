import { assert, it } from "@effect/vitest"
import * as fc from "fast-check"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync, linkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ImageFault } from "../src/index.ts"
import { writeHeader, padding, tarEnd } from "../src/tar-header.ts"
import { type TarEvent, TarScanner } from "../src/tar-scanner.ts"
import { madeTar } from "./made-tar.ts"

interface Read {
  readonly name: string
  readonly type: string
  readonly linkname: string
  readonly content: string
}

const collect = (events: ReadonlyArray<TarEvent>): ReadonlyArray<Read> => {
  const read: Array<{ -readonly [K in keyof Read]: Read[K] }> = []
  for (const event of events) {
    if (event.kind === "entry") {
      const { name, type, linkname } = event.entry
      read.push({ name, type, linkname, content: "" })
    } else if (event.kind === "content") {
      const last = read.at(-1)
      if (last !== undefined) last.content += event.bytes.toString("latin1")
    }
  }
  return read
}

/** Reads a tar that comes in pieces of these sizes, over and over. */
const scan = (tar: Buffer, sizes: ReadonlyArray<number> = [tar.length]): ReadonlyArray<Read> => {
  const scanner = new TarScanner()
  const events: Array<TarEvent> = []
  for (let at = 0, piece = 0; at < tar.length; piece++) {
    const size = Math.max(1, sizes[piece % sizes.length] ?? 1)
    events.push(...scanner.push(tar.subarray(at, at + size)))
    at += size
  }
  scanner.finish()
  return collect(events)
}

const name = fc.stringMatching(/^[a-zé]{1,3}(\/[a-z .]{1,60}){0,6}$/)
const entries = fc.array(
  fc.record({ name, content: fc.string({ maxLength: 1500 }).map((text) => Buffer.from(text)) }),
  { maxLength: 6 }
)

it("entries are read whole, however the bytes come", () =>
  fc.assert(
    fc.asyncProperty(entries, fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1 }), async (files, sizes) => {
      const tar = await madeTar(files)
      const expected = files.map((file) => ({
        name: file.name,
        type: "0",
        linkname: "",
        content: file.content.toString("latin1")
      }))
      assert.deepStrictEqual(scan(tar, sizes), expected)
    }),
    { numRuns: 60 }
  ))

it("bytes that are changed anywhere are read or refused, never worse", () =>
  fc.assert(
    fc.asyncProperty(
      entries,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 20 }),
      async (files, changes) => {
        const tar = Buffer.from(await madeTar([{ name: "first", content: "x" }, ...files]))
        for (const [at, byte] of changes) tar[at % tar.length] = byte
        try {
          scan(tar, [700])
        } catch (error) {
          assert.instanceOf(error, ImageFault)
        }
      }
    ),
    { numRuns: 200 }
  ))

it("what GNU tar writes is read: long names, links, large numbers", () => {
  const folder = mkdtempSync(join(tmpdir(), "tar-scanner-"))
  try {
    const long = `${"long-".repeat(40)}name`
    writeFileSync(join(folder, long), "content")
    symlinkSync(`/${"target-".repeat(30)}`, join(folder, "symlink"))
    linkSync(join(folder, long), join(folder, "zlink"))
    for (const format of ["gnu", "pax", "posix"]) {
      const tar = execFileSync("tar", ["--format", format, "--sort=name", "-C", folder, "-cf", "-", "."])
      assert.deepStrictEqual(
        scan(tar).map(({ name: its, type, linkname, content }) => [its, type, linkname, content]),
        [
          ["./", "5", "", ""],
          [`./${long}`, "0", "", "content"],
          ["./symlink", "2", `/${"target-".repeat(30)}`, ""],
          ["./zlink", "1", `./${long}`, ""]
        ],
        format
      )
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it("what we write ourselves is read back, also names beyond a header", () =>
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zé/]{1,300}$/), fc.integer({ min: 0, max: 3000 }), (path, size) => {
      const content = Buffer.alloc(size, "x")
      const tar = Buffer.concat([
        writeHeader({ name: path, size, mode: 0o644, type: "0" }),
        content,
        padding(size),
        tarEnd
      ])
      assert.deepStrictEqual(scan(tar), [{ name: path, type: "0", linkname: "", content: "x".repeat(size) }])
    }),
    { numRuns: 50 }
  ))

it("a tar that ends anywhere but between entries has ended too early", async () => {
  const tar = await madeTar([
    { name: "a", content: "x".repeat(700) },
    { name: "b", content: "y" }
  ])
  const whole = new Set([0, 1536, 2560, 3072])
  for (let end = 0; end <= 2560; end += 128) {
    if (whole.has(end)) scan(tar.subarray(0, end), [100])
    else assert.throws(() => scan(tar.subarray(0, end), [100]), "archive/tar: unexpected EOF")
  }
})

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { gzipSync } from "node:zlib"
import { extract, pack } from "tar-stream"
import { archiveHelperSource as helper, packPath, statPath, unpackPath } from "../../src/index.ts"

const root = () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-"))
  for (const name of ["etc", "tmp", "data/sub"]) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, "etc/passwd"), "inside")
  writeFileSync(join(folder, "data/file"), "hello", { mode: 0o640 })
  symlinkSync("/etc/passwd", join(folder, "data/link"))
  symlinkSync("/data", join(folder, "absolute"))
  utimesSync(join(folder, "data/file"), 1000, 1000)
  return folder
}

type Entry = Parameters<ReturnType<typeof pack>["entry"]>[0]
const tarOf = async (entries: ReadonlyArray<readonly [Entry, string?]>): Promise<Buffer> => {
  const tar = pack()
  for (const [header, text] of entries) tar.entry(header, text ?? "")
  tar.finalize()
  const pieces: Array<Buffer> = []
  for await (const piece of tar as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}
const tar = (entries: ReadonlyArray<readonly [Entry, string?]>) => Effect.promise(() => tarOf(entries))
const unpack = (folder: string, path: string, bytes: Buffer, noOverwriteDirNonDir = true) =>
  unpackPath(helper, folder, path, Readable.from([bytes]), { noOverwriteDirNonDir })

const skip = process.getuid?.() !== 0

describe.skipIf(skip)(`archive helper (${skip ? "needs root for chroot" : "confined by chroot"})`, () => {
  it.live("keeps a small tar for a reader that comes after the helper's end", () =>
    Effect.gen(function* () {
      const folder = root()
      const { tar: packed } = yield* packPath(helper, folder, "/data/file")
      // Longer than the helper lives after its first word.
      yield* Effect.sleep("1500 millis")
      const names: Array<string> = []
      yield* Effect.promise(async () => {
        for await (const entry of packed.pipe(extract())) {
          names.push(entry.header.name)
          entry.resume()
        }
      })
      assert.deepStrictEqual(names, ["file"])
    })
  )

  it.live("describes files, folders and links as Docker does, links resolved inside", () =>
    Effect.gen(function* () {
      const folder = root()
      const file = yield* statPath(helper, folder, "/data/file")
      assert.deepStrictEqual(file, {
        name: "file",
        size: 5,
        mode: 0o640,
        mtime: "1970-01-01T00:16:40Z",
        linkTarget: ""
      })
      assert.strictEqual((yield* statPath(helper, folder, "data")).mode, 0o755 + 2 ** 31)
      const link = yield* statPath(helper, folder, "/data/link")
      assert.strictEqual(link.linkTarget, "/etc/passwd")
      assert.isAbove(link.mode, 2 ** 27)
      assert.strictEqual((yield* statPath(helper, folder, "/absolute/file")).size, 5)
      assert.strictEqual((yield* Effect.flip(statPath(helper, folder, "/nope"))).kind, "not-found")
    })
  )

  it.live("packs a tree under its own name and its content under a dot", () =>
    Effect.gen(function* () {
      const folder = root()
      const names = (path: string) =>
        Effect.gen(function* () {
          const { tar } = yield* packPath(helper, folder, path)
          const listing = spawnSync("tar", ["-tf", "-"], {
            input: yield* Effect.promise(async () => Buffer.concat((await tar.toArray()) as Array<Buffer>)),
            encoding: "utf8"
          })
          return listing.stdout.trimEnd().split("\n").toSorted()
        })
      assert.deepStrictEqual(yield* names("/data"), ["data/", "data/file", "data/link", "data/sub/"])
      assert.deepStrictEqual(yield* names("/data/."), ["./", "./file", "./link", "./sub/"])
      assert.deepStrictEqual(yield* names("/absolute/file"), ["file"])
    })
  )

  it.live("unpacks with owner, mode, time, links and folders that were not in the archive", () =>
    Effect.gen(function* () {
      const folder = root()
      const mtime = new Date(5_000_000)
      const bytes = yield* tar([
        [{ name: "deep/er/file", mode: 0o4755, uid: 1000, gid: 1001, mtime }, "text"],
        [{ name: "deep/link", type: "symlink", linkname: "er/file" }],
        [{ name: "hard", type: "link", linkname: "deep/er/file" }],
        [{ name: "pipe", type: "fifo", mode: 0o600 }],
        [{ name: `${"long/".repeat(40)}name`, mode: 0o600 }, "x"]
      ])
      yield* unpack(folder, "/tmp", gzipSync(bytes))
      const stats = lstatSync(join(folder, "tmp/deep/er/file"))
      assert.deepStrictEqual(
        [stats.mode & 0o7777, stats.uid, stats.gid, stats.mtimeMs, stats.nlink],
        [0o4755, 1000, 1001, 5_000_000, 2]
      )
      assert.strictEqual(readlinkSync(join(folder, "tmp/deep/link")), "er/file")
      assert.isTrue(lstatSync(join(folder, "tmp/pipe")).isFIFO())
      assert.strictEqual(readFileSync(join(folder, `tmp/${"long/".repeat(40)}name`), "utf8"), "x")
    })
  )

  it.live("refuses what Docker refuses, in its words", () =>
    Effect.gen(function* () {
      const folder = root()
      const file = yield* tar([[{ name: "data" }, "x"]])
      const refusal = (path: string, bytes: Buffer) =>
        Effect.map(Effect.flip(unpack(folder, path, bytes)), (fault) => [fault.kind, fault.message])
      assert.deepStrictEqual(yield* refusal("/etc/passwd", file), ["invalid", "extraction point is not a directory"])
      assert.strictEqual((yield* refusal("/nope", file))[0], "not-found")
      assert.include((yield* refusal("/", file))[1], "cannot overwrite directory")
      assert.include(
        (yield* refusal("/etc", yield* tar([[{ name: "passwd", type: "directory" }]])))[1],
        "cannot overwrite non-directory"
      )
      assert.strictEqual((yield* refusal("/tmp", Buffer.from("garbage".repeat(200))))[0], "invalid")
      assert.strictEqual(
        (yield* refusal("/tmp", (yield* tar([[{ name: "cut" }, "12345"]])).subarray(0, 514)))[0],
        "invalid"
      )
    })
  )

  it.live("never leaves the root, whatever the archive says", () =>
    Effect.gen(function* () {
      const folder = root()
      const outside = mkdtempSync(join(tmpdir(), "outside-"))
      const hostile: ReadonlyArray<ReadonlyArray<readonly [Entry, string?]>> = [
        [[{ name: "../../../../escape" }, "x"]],
        [[{ name: "up", type: "symlink", linkname: "../../../../../.." }], [{ name: `up${outside}/escape` }, "x"]],
        [[{ name: "a", type: "symlink", linkname: outside }], [{ name: "a/escape" }, "x"]],
        [[{ name: "hard", type: "link", linkname: "../../../../etc/hostname" }]]
      ]
      for (const entries of hostile) {
        yield* Effect.result(unpack(folder, "/tmp", yield* tar(entries)))
        assert.deepStrictEqual(readdirSync(outside), [])
        assert.isFalse(existsSync("/escape"))
      }
      yield* unpack(folder, "/tmp", yield* tar([[{ name: "/absolute-name" }, "x"]]))
      assert.isTrue(existsSync(join(folder, "tmp/absolute-name")))
    })
  )
})

import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { lgetxattr, llistxattr } from "@sockerless/libc"
import { randomBytes } from "node:crypto"
import { createReadStream, type Stats } from "node:fs"
import { lstat, readdir, readFile, readlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Readable } from "node:stream"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { Layers } from "../src/layers.ts"
import { folder } from "./folder.ts"
import { digestOf, madeTar, type MadeEntry } from "./made-tar.ts"

// Owners, devices and overlayfs's marks are root's to set.
const asRoot = it.effect.skipIf(process.getuid?.() !== 0)

const opened = Effect.gen(function* () {
  const root = yield* folder
  const layers = new Layers(root)
  yield* Effect.promise(() => layers.open())
  return { root, layers }
})

const unpacked = (entries: ReadonlyArray<MadeEntry>) =>
  Effect.gen(function* () {
    const { root, layers } = yield* opened
    const tar = yield* Effect.promise(() => madeTar(entries))
    const diffId = digestOf(tar)
    yield* Effect.promise(() => layers.unpack(diffId, { open: () => Readable.from([tar]) }))
    const link = yield* Effect.promise(() => layers.linked(diffId))
    return { root, layers, diffId, bytes: tar.length, at: (path: string) => join(link, path) }
  })

const isWhiteout = (stats: Stats) => stats.isCharacterDevice() && stats.rdev === 0

asRoot("files keep their content, mode, owner, time and links", () =>
  Effect.gen(function* () {
    const { layers, diffId, bytes, at } = yield* unpacked([
      { name: "folder/", type: "directory", mode: 0o1777, uid: 5, gid: 6 },
      { name: "folder/file", mode: 0o4750, uid: 1000, gid: 2000, content: "content" },
      { name: "folder/hard", type: "link", linkname: "folder/file" },
      { name: "folder/soft", type: "symlink", linkname: "../../../etc/passwd" },
      { name: "empty", content: "" },
      { name: `deep/${"long/".repeat(40)}file`, content: "deep" }
    ])
    yield* Effect.promise(async () => {
      const file = await lstat(at("folder/file"))
      assert.deepStrictEqual(
        [file.mode & 0o7777, file.uid, file.gid, file.mtimeMs, file.nlink],
        [0o4750, 1000, 2000, 1_700_000_000_000, 2]
      )
      const directory = await lstat(at("folder"))
      assert.deepStrictEqual([directory.mode & 0o7777, directory.uid, directory.gid], [0o1777, 5, 6])
      assert.strictEqual(await readFile(at("folder/hard"), "utf8"), "content")
      assert.strictEqual(await readlink(at("folder/soft")), "../../../etc/passwd")
      assert.strictEqual((await lstat(at("empty"))).size, 0)
      assert.strictEqual(await readFile(at(`deep/${"long/".repeat(40)}file`), "utf8"), "deep")
      assert.strictEqual(await layers.size(diffId), bytes)
      assert.deepStrictEqual(await layers.all(), [diffId])
    })
  })
)

asRoot("deletions become whiteouts of overlayfs, folders that hide all below them opaque", () =>
  Effect.gen(function* () {
    const long = "n".repeat(150)
    const { at } = yield* unpacked([
      { name: ".wh.gone", content: "" },
      { name: "folder/", type: "directory" },
      { name: "folder/.wh.gone", content: "" },
      { name: `folder/.wh.${long}`, content: "not empty, all the same" },
      { name: "opaque/", type: "directory" },
      { name: "opaque/.wh..wh..opq", content: "" },
      { name: "opaque/kept", content: "kept" },
      { name: ".wh..wh.plnk", content: "of aufs" },
      { name: "after", content: "after" }
    ])
    yield* Effect.promise(async () => {
      for (const path of ["gone", "folder/gone", `folder/${long}`])
        assert.isTrue(isWhiteout(await lstat(at(path))), path)
      assert.deepStrictEqual((await readdir(at("."))).toSorted(), ["after", "folder", "gone", "opaque"])
      assert.deepStrictEqual(await readdir(at("opaque")), ["kept"])
      assert.strictEqual(lgetxattr(at("opaque"), "trusted.overlay.opaque")?.toString(), "y")
      assert.strictEqual(await readFile(at("after"), "utf8"), "after")
    })
  })
)

asRoot("extended attributes are kept, those of overlayfs are not", () =>
  Effect.gen(function* () {
    const { at } = yield* unpacked([
      {
        name: "file",
        content: "x",
        pax: { "SCHILY.xattr.user.note": "hello", "SCHILY.xattr.trusted.overlay.metacopy": "y" }
      }
    ])
    assert.strictEqual(lgetxattr(at("file"), "user.note")?.toString(), "hello")
    assert.deepStrictEqual(llistxattr(at("file")), ["user.note"])
  })
)

asRoot("a layer is the same unpacked from plain, gzip and zstd", () =>
  Effect.gen(function* () {
    const tar = yield* Effect.promise(() => madeTar([{ name: "file", content: "x".repeat(100_000) }]))
    for (const compress of [(bytes: Buffer) => bytes, gzipSync, zstdCompressSync]) {
      const { layers } = yield* opened
      yield* Effect.promise(async () => {
        await layers.unpack(digestOf(tar), { open: () => Readable.from([compress(tar)]) })
        assert.strictEqual(await layers.size(digestOf(tar)), tar.length)
        const path = join(await layers.linked(digestOf(tar)), "file")
        assert.strictEqual((await readFile(path)).length, 100_000)
      })
    }
  })
)

asRoot("the same layer unpacked many times at once is there once, also when some of the content is bad", () =>
  Effect.gen(function* () {
    const { root, layers } = yield* opened
    const tar = yield* Effect.promise(() => madeTar([{ name: "file", content: "x".repeat(10_000) }]))
    const outcomes = yield* Effect.promise(() =>
      Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          layers
            .unpack(digestOf(tar), { open: () => Readable.from([at % 3 === 0 ? tar.subarray(0, 2000) : tar]) })
            .then(
              () => "unpacked",
              (error: Error) => error.message
            )
        )
      )
    )
    assert.deepStrictEqual([...new Set(outcomes)].toSorted(), ["archive/tar: unexpected EOF", "unpacked"])
    const left = yield* Effect.promise(() => readdir(join(root, "layers")))
    assert.deepStrictEqual(left.toSorted(), [digestOf(tar).slice(7), "l"])
  })
)

const refused: ReadonlyArray<readonly [string, ReadonlyArray<MadeEntry>, RegExp]> = [
  ["a name that climbs", [{ name: "a/../../b", content: "" }], /^invalid name/],
  ["a hard link that climbs", [{ name: "a", type: "link", linkname: "../b" }], /^invalid hard link/],
  ["a hard link to the host", [{ name: "a", type: "link", linkname: "/etc/hostname" }], /Cannot hard link/],
  [
    "a file through a link",
    [
      { name: "a", type: "symlink", linkname: "/tmp" },
      { name: "a/b", content: "" }
    ],
    /Not a directory/
  ],
  ["a whiteout that climbs", [{ name: ".wh...", content: "" }], /^invalid whiteout/],
  [
    "an opaque mark through a link",
    [
      { name: "a", type: "symlink", linkname: "/tmp" },
      { name: "a/.wh..wh..opq", content: "" }
    ],
    /^opaque folder "a" is not a folder$/
  ]
]

asRoot("nothing leaves the root, and what tries leaves nothing", () =>
  Effect.gen(function* () {
    for (const [what, entries, message] of refused) {
      const { root, layers } = yield* opened
      const tar = yield* Effect.promise(() => madeTar(entries))
      const text = yield* Effect.promise(() =>
        layers.unpack(digestOf(tar), { open: () => Readable.from([tar]) }).then(
          () => "unpacked",
          (error: Error) => error.message
        )
      )
      assert.match(text, message, what)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(root, "layers"))), ["l"], what)
    }
  })
)

it.effect("content that is not the layer's is refused by both digests", () =>
  Effect.gen(function* () {
    const { layers } = yield* opened
    const tar = yield* Effect.promise(() => madeTar([]))
    const text = yield* Effect.promise(() =>
      layers.unpack(digestOf("other"), { open: () => Readable.from([tar]) }).catch((error: Error) => error.message)
    )
    assert.strictEqual(
      text,
      `layer verification failed: the image names ${digestOf("other")}, the content has ${digestOf(tar)}`
    )
  })
)

asRoot("a layer that lies on disk as it is needed is the same as one that is sent", () =>
  Effect.gen(function* () {
    const large = randomBytes(3_000_000)
    const plain: ReadonlyArray<MadeEntry> = [
      { name: "large", content: large },
      { name: "small", content: "small", uid: 7 },
      { name: "link", type: "link", linkname: "large" }
    ]
    const marked: ReadonlyArray<MadeEntry> = [
      ...plain,
      { name: ".wh.gone", content: "" },
      { name: "after", content: "x" }
    ]
    for (const entries of [plain, marked]) {
      const { root, layers } = yield* opened
      yield* Effect.promise(async () => {
        const tar = await madeTar(entries)
        const plainFile = join(root, "layer.tar")
        await writeFile(plainFile, tar)
        await layers.unpack(digestOf(tar), { open: () => createReadStream(plainFile), plainFile })
        const folderOf = await layers.linked(digestOf(tar))
        assert.isTrue(large.equals(await readFile(join(folderOf, "large"))))
        assert.strictEqual((await lstat(join(folderOf, "link"))).nlink, 2)
        assert.strictEqual((await lstat(join(folderOf, "small"))).uid, 7)
        assert.strictEqual(await layers.size(digestOf(tar)), tar.length)
        if (entries === marked) assert.isTrue(isWhiteout(await lstat(join(folderOf, "gone"))))
      })
    }
  })
)

asRoot("a layer on disk that was cut, or leaves its root far behind, is refused", () =>
  Effect.gen(function* () {
    const large = { name: "large", content: Buffer.alloc(3_000_000) }
    const tar = yield* Effect.promise(() => madeTar([large, { name: "../climbs", content: "" }]))
    const cases: ReadonlyArray<readonly [Buffer, RegExp]> = [
      [tar.subarray(0, 2_000_000), /^archive\/tar: unexpected EOF$/],
      [tar, /^invalid name "\.\.\/climbs"/]
    ]
    for (const [bytes, message] of cases) {
      const { root, layers } = yield* opened
      const plainFile = join(root, "layer.tar")
      const text = yield* Effect.promise(async () => {
        await writeFile(plainFile, bytes)
        return layers.unpack(digestOf(bytes), { open: () => createReadStream(plainFile), plainFile }).then(
          () => "unpacked",
          (error: Error) => error.message
        )
      })
      assert.match(text, message)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(root, "layers"))), ["l"])
    }
  })
)

import { randomBytes } from "node:crypto"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { llistxattr } from "@sockerless/libc"
import { expect, test } from "vitest"
import {
  brokenCompressions,
  dockerArchive,
  expectRefusal,
  ociLayout,
  paxEntry,
  type RawEntry,
  rawTar,
  requestBytes,
  sha256,
  underSiege,
  until
} from "@sockerless/e2e-hostile"

const siege = underSiege()
const good = rawTar([{ name: "file", content: "good" }])
/** Random, so that no compression makes it small. */
const large = rawTar([{ name: "large", content: randomBytes(300_000) }])
const outside = `hostile-${randomBytes(8).toString("hex")}`

const load = (body: Buffer) => siege.ask({ path: "/images/load", type: "application/x-tar", body })

const nothingIsLeft = (): Promise<unknown> =>
  until("no draft is left", () => {
    const images = join(siege.daemon.folder, "data/images")
    const drafts = readdirSync(join(images, "blobs/drafts"))
    const unpacking = readdirSync(join(images, "layers")).filter((name) => name.startsWith(".draft"))
    return drafts.length + unpacking.length === 0 ? true : undefined
  })

const archives: ReadonlyArray<readonly [string, Buffer, string | RegExp]> = [
  ["garbage", Buffer.alloc(3000, 65), /^archive\/tar: invalid tar header/],
  ["an archive cut in the middle", dockerArchive([large]).subarray(0, 200_000), "archive/tar: unexpected EOF"],
  ...brokenCompressions(dockerArchive([large])),
  ["a name that climbs", rawTar([{ name: "../../x", content: "x" }]), 'invalid archive: the name "../../x" leaves it'],
  ["no manifest", good, /^invalid archive: does not contain a manifest.json/],
  ["a manifest that is no JSON", dockerArchive([good], { manifest: "{" }), /^invalid manifest.json: /],
  ["a manifest of another type", dockerArchive([good], { manifest: "{}" }), "invalid manifest.json: Expected array"],
  ["a nested bomb as manifest", dockerArchive([good], { manifest: "[".repeat(1_000_000) }), /^invalid manifest.json: /],
  [
    "a manifest beyond all measure",
    dockerArchive([good], { manifest: " ".repeat(5_000_000) }),
    "invalid manifest.json: 5000000 bytes, allowed are 4194304"
  ],
  [
    "a config outside the archive",
    dockerArchive([good], {
      manifest: JSON.stringify([{ Config: "../../../etc/passwd", RepoTags: [], Layers: [] }])
    }),
    'invalid archive: "../../../etc/passwd" is named but not in it'
  ],
  [
    "a missing layer",
    dockerArchive([good], { layers: ["absent.tar"] }),
    'invalid archive: "absent.tar" is named but not in it'
  ],
  [
    "links in a circle",
    dockerArchive([good], {
      layers: ["a"],
      more: [
        { name: "a", type: "2", linkname: "b" },
        { name: "b", type: "2", linkname: "a" }
      ]
    }),
    'invalid archive: "a" is named but not in it'
  ],
  [
    "fewer diff ids than layers",
    dockerArchive([good, large], { diffIds: [`sha256:${sha256(good)}`] }),
    "invalid image: its config names 1 layers, its manifest 2"
  ],
  [
    "a wrong diff id",
    dockerArchive([good], { diffIds: [`sha256:${"0".repeat(64)}`] }),
    `layer verification failed: the image names sha256:${"0".repeat(64)}, the content has sha256:${sha256(good)}`
  ],
  [
    "a diff id that is a path",
    dockerArchive([good], { diffIds: ["../../etc"] }),
    'invalid diff id "../../etc" in image config'
  ],
  ["a config that is no JSON", dockerArchive([good], { config: "zz" }), /^invalid image config: /],
  [
    "a config of wrong types",
    dockerArchive([good], { config: '{"rootfs":{"diff_ids":[]},"config":{"Env":"x"}}' }),
    /^invalid image config: .*Env/s
  ],
  [
    "a config beyond all measure",
    dockerArchive([good], { config: `{"x":"${"a".repeat(5_000_000)}"}` }),
    "invalid image config: 5000008 bytes, allowed are 4194304"
  ],
  ["a tag that is no reference", dockerArchive([good], { tag: "../../x" }), "invalid reference format"],
  [
    "more layers than a mount takes",
    dockerArchive(Array.from({ length: 128 }, (_, at) => rawTar([{ name: `f${at}` }]))),
    "max depth exceeded: 128 layers, allowed are 127"
  ],
  [
    "a layout with a layer under a wrong digest",
    ociLayout(good, { layerHex: "1".repeat(64) }),
    `invalid archive: blob verification failed for sha256:${"1".repeat(64)}: the content has sha256:${sha256(good)}`
  ],
  [
    "a layout with a manifest under a wrong digest",
    ociLayout(good, { manifestHex: "2".repeat(64) }),
    /^invalid archive: blob verification failed for sha256:2{64}: /
  ],
  [
    "a layout with a digest that is a path",
    ociLayout(good, { layerDigest: "sha256:../../index.json" }),
    /^invalid archive: blob verification failed for sha256:\.\.\/\.\.\/index\.json/
  ],
  ["a layout with an index that is no JSON", ociLayout(good, { index: "zz" }), /^invalid index.json: /],
  [
    "a document that is index and manifest at once",
    ociLayout(good, { manifest: '{"manifests":[],"layers":[],"config":{"digest":"sha256:1"}}' }),
    /^invalid manifest sha256:[0-9a-f]{64}: it is an index as well$/
  ]
]

test.each(archives)("load refuses %s", async (_, archive, message) => {
  expectRefusal(await load(archive), 400, message)
  await nothingIsLeft()
})

const layers: ReadonlyArray<readonly [string, Buffer, string | RegExp]> = [
  ["cut in its content", large.subarray(0, 100_000), "archive/tar: unexpected EOF"],
  ["cut in a header", good.subarray(0, 300), "archive/tar: unexpected EOF"],
  ["of garbage", Buffer.alloc(5000, 65), /^archive\/tar: invalid tar header/],
  ["with a wrong checksum", rawTar([{ name: "f", wrongChecksum: true }]), /wrong checksum$/],
  ["with a negative size", rawTar([{ name: "f", size: "-0000000001" }]), /size "-0000000001"$/],
  [
    "with a size beyond all numbers",
    rawTar([{ name: "f", size: "\u0080".padEnd(12, "\u007F") }]),
    /size out of range$/
  ],
  ["with a negative base-256 size", rawTar([{ name: "f", size: "\u00FF".repeat(12) }]), /size out of range$/],
  ["with a negative PAX size", rawTar([paxEntry({ size: "-5" }), { name: "f" }]), /invalid PAX size -5$/],
  [
    "with a broken PAX record",
    rawTar([{ name: "p", type: "x", content: "zzzz" }, { name: "f" }]),
    /invalid PAX record$/
  ],
  [
    "with a PAX bomb",
    rawTar([{ name: "p", type: "x", size: "77777777777\0" }], false),
    /a header of 8589934591 bytes, allowed are 1048576$/
  ],
  [
    "with a global PAX path",
    rawTar([{ ...paxEntry({ path: "x" }), type: "g" }, { name: "f" }]),
    /a global PAX header with a path$/
  ],
  [
    "with an endless chain of long names",
    rawTar(Array.from({ length: 3000 }, () => ({ name: "l", type: "L", content: "n".repeat(500) }))),
    /too many headers before an entry$/
  ],
  ["with a NUL in a name", rawTar([paxEntry({ path: "a\0b" }), { name: "f" }]), /a name with a NUL byte$/],
  ["with an unknown type", rawTar([{ name: "f", type: "Z" }]), /unhandled tar header type "Z" of "f"$/],
  ["with a name that climbs", rawTar([{ name: "../../evil" }]), /^invalid name "\.\.\/\.\.\/evil" in layer/],
  [
    "with a PAX name that climbs",
    rawTar([paxEntry({ path: "a/../../evil" }), { name: "f" }]),
    /^invalid name "a\/\.\./
  ],
  [
    "with a hard link that climbs",
    rawTar([{ name: "h", type: "1", linkname: "../../etc/passwd" }]),
    /^invalid hard link/
  ],
  ["with a hard link to the host", rawTar([{ name: "h", type: "1", linkname: "/etc/hostname" }]), /Cannot hard link/],
  ["with a hard link to itself", rawTar([{ name: "h", type: "1", linkname: "h" }]), /Cannot hard link/],
  [
    "with a file through an absolute link",
    rawTar([
      { name: "l", type: "2", linkname: "/tmp" },
      { name: `l/${outside}`, content: "x" }
    ]),
    /Not a directory/
  ],
  [
    "with a file through a climbing link",
    rawTar([
      { name: "l", type: "2", linkname: "../../../../../../../../../tmp" },
      { name: `l/${outside}`, content: "x" }
    ]),
    /Not a directory/
  ],
  [
    "with a hard link through a link",
    rawTar([
      { name: "l", type: "2", linkname: "/etc" },
      { name: "h", type: "1", linkname: "l/hostname" }
    ]),
    /unpacking the layer failed/
  ],
  ["with a whiteout of nothing", rawTar([{ name: "d/.wh." }]), 'invalid whiteout "d/.wh." in layer'],
  ["with a whiteout of its folder", rawTar([{ name: "d/.wh.." }]), 'invalid whiteout "d/.wh.." in layer'],
  ["with a whiteout of the folder above", rawTar([{ name: "d/.wh..." }]), 'invalid whiteout "d/.wh..." in layer'],
  [
    "with an opaque mark behind a link",
    rawTar([{ name: "l", type: "2", linkname: "/etc" }, { name: "l/.wh..wh..opq" }]),
    'opaque folder "l" is not a folder'
  ],
  ["with an opaque mark nowhere", rawTar([{ name: "d/.wh..wh..opq" }]), 'opaque folder "d" is not a folder']
]

test.each(layers)("load refuses a layer %s", async (_, layer, message) => {
  expectRefusal(await load(dockerArchive([layer])), 400, message)
  await nothingIsLeft()
  expect(existsSync(`/tmp/${outside}`)).toBe(false)
})

test.each(brokenCompressions(large))("load refuses a layer of %s", async (_, layer, message) => {
  expectRefusal(await load(dockerArchive([layer], { diffIds: [`sha256:${sha256(large)}`] })), 400, message)
  await nothingIsLeft()
})

const imports: ReadonlyArray<readonly [string, Buffer, string | RegExp]> = [
  ["garbage", Buffer.alloc(3000, 65), /^archive\/tar: invalid tar header/],
  ["a tar that was cut", large.subarray(0, 100_000), "archive/tar: unexpected EOF"],
  ["a name that climbs", rawTar([{ name: "../x" }]), /^invalid name "\.\.\/x" in layer/],
  ...brokenCompressions(large)
]

test.each(imports)("import refuses %s", async (_, body, message) => {
  expectRefusal(
    await siege.ask({ path: "/images/create?fromSrc=-&repo=hostile", type: "application/x-tar", body }),
    400,
    message
  )
  await nothingIsLeft()
})

test("names that look like options or hold line ends are names", async () => {
  const names = ["--checkpoint=1", "-C", "@list", "a\nb"]
  const entries: ReadonlyArray<RawEntry> = names.flatMap((name) => [paxEntry({ path: name }), { name: "f" }])
  const reply = await load(dockerArchive([rawTar(entries)], { tag: "hostile:names" }))
  expect(reply.status, reply.text).toBe(200)
})

test("marks of overlayfs that an image brings are dropped", async () => {
  const records = {
    "SCHILY.xattr.trusted.overlay.redirect": "/etc",
    "SCHILY.xattr.trusted.overlay.opaque": "y",
    "SCHILY.xattr.user.kept": "yes"
  }
  const layer = rawTar([paxEntry(records), { name: "folder", type: "5" }])
  expect((await load(dockerArchive([layer], { tag: "hostile:marks" }))).status).toBe(200)
  const folder = join(siege.daemon.folder, "data/images/layers", sha256(layer), "diff/folder")
  expect(llistxattr(folder)).toEqual(["user.kept"])
})

test("a bomb of 200 MB in 200 kB costs no memory and leaves nothing", async () => {
  const before = siege.memoryBytes()
  const bomb = gzipSync(rawTar([{ name: "zeros", content: Buffer.alloc(200_000_000) }]))
  expectRefusal(await load(bomb), 400, /^invalid archive: does not contain a manifest.json/)
  expect(siege.memoryBytes() - before).toBeLessThan(100_000_000)
  await nothingIsLeft()
})

test("an upload that its client abandons leaves no file behind, open or on disk", async () => {
  const whole = requestBytes({ path: "/images/load", type: "application/x-tar", body: dockerArchive([large]) })
  const zipped = requestBytes({
    path: "/images/load",
    type: "application/x-tar",
    body: gzipSync(dockerArchive([large]))
  })
  const before = siege.openFiles()
  await Promise.all(
    Array.from({ length: 20 }, (_, at) => siege.abandon((at % 2 === 0 ? whole : zipped).subarray(0, 150_000)))
  )
  await nothingIsLeft()
  await until("the files are closed", () => (siege.openFiles() <= before + 1 ? true : undefined))
})

import { randomBytes } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { beforeAll, expect, test } from "vitest"
import {
  brokenCompressions,
  expectRefusal,
  paxEntry,
  rawTar,
  requestBytes,
  underSiege,
  until
} from "@sockerless/e2e-hostile"

const siege = underSiege()
const target = "hostile-target"
/** No such file is anywhere before these tests. */
const evil = `hostile-${randomBytes(8).toString("hex")}`
const large = rawTar([{ name: "large", content: randomBytes(300_000) }])
const hosts = ["/etc/passwd", "/etc/hostname"]
const before = hosts.map((path) => readFileSync(path, "utf8"))

beforeAll(async () => {
  await siege.docker.ok("run", "-d", "--name", target, "busybox", "sleep", "3600")
  await siege.docker.ok("exec", target, "sh", "-c", "mkdir /drop; ln -s /etc /drop/etc-link; echo x >/drop/file")
})

const put = (body: Buffer, path = "/drop") =>
  siege.ask({
    method: "PUT",
    path: `/containers/${target}/archive?path=${encodeURIComponent(path)}`,
    type: "application/x-tar",
    body
  })

const hostIsUntouched = () => {
  expect(hosts.map((path) => readFileSync(path, "utf8"))).toEqual(before)
  for (const folder of ["/", "/tmp/", "/etc/"]) expect(existsSync(folder + evil)).toBe(false)
}

const outsideOf = (name: string) => `invalid tar entry "${name}": it is outside of "/drop"`

const refused: ReadonlyArray<readonly [string, Buffer, string | RegExp]> = [
  ["a name that climbs", rawTar([{ name: `../../${evil}` }]), outsideOf(`../../${evil}`)],
  ["a name that climbs out and in again", rawTar([{ name: `../drop/../${evil}` }]), outsideOf(`../drop/../${evil}`)],
  ["a PAX name that climbs", rawTar([paxEntry({ path: `../../${evil}` }), { name: "f" }]), outsideOf(`../../${evil}`)],
  [
    "a link that climbs",
    rawTar([{ name: "l", type: "2", linkname: "../../.." }]),
    'invalid symlink "/drop/l" -> "../../.."'
  ],
  [
    "a hard link that climbs",
    rawTar([{ name: "h", type: "1", linkname: "../etc/passwd" }]),
    outsideOf("../etc/passwd")
  ],
  [
    "a hard link to nothing",
    rawTar([{ name: "h", type: "1", linkname: "absent" }]),
    'cannot unpack tar entry "h": ENOENT'
  ],
  ["a file below a file", rawTar([{ name: "file/below" }]), 'cannot unpack tar entry "file/below": ENOTDIR'],
  ["a NUL in a name", rawTar([paxEntry({ path: "a\0b" }), { name: "f" }]), "invalid tar entry: a name with a NUL byte"],
  ["a name beyond all lengths", rawTar([paxEntry({ path: "a".repeat(300) }), { name: "f" }]), /ENAMETOOLONG$/],
  ["a path beyond all lengths", rawTar([paxEntry({ path: "a/".repeat(3000) }), { name: "f" }]), /ENAMETOOLONG$/],
  ["no name", rawTar([{ name: "" }]), 'cannot unpack tar entry "": EEXIST'],
  ["an unknown type", rawTar([{ name: "f", type: "Z" }]), /^unhandled tar entry type/],
  ["a wrong checksum", rawTar([{ name: "f", wrongChecksum: true }]), /^archive\/tar: Invalid tar header/],
  ["a negative size", rawTar([{ name: "f", size: "-0000000001" }]), "archive/tar: Invalid header"],
  ["a size beyond its content", rawTar([{ name: "f", size: "77777777777\0" }]), "archive/tar: Unexpected end of data"],
  ["a size beyond all numbers", rawTar([{ name: "f", size: "\u0080".padEnd(12, "\u007F") }]), /^archive\/tar: /],
  ["a negative PAX size", rawTar([paxEntry({ size: "-5" }), { name: "f" }]), "archive/tar: Invalid header"],
  ["an archive cut in its content", large.subarray(0, 100_000), "archive/tar: Unexpected end of data"],
  ["an archive cut in a header", large.subarray(0, 300), "archive/tar: Unexpected end of data"],
  ["garbage", Buffer.alloc(3000, 65), /^archive\/tar: Invalid tar header/],
  ...brokenCompressions(large)
]

test.each(refused)("cp refuses %s", async (_, body, message) => {
  expectRefusal(await put(body), 400, message)
  hostIsUntouched()
})

test("links lead around in the container and never out of it", async () => {
  const entries = [
    { name: "to-root", type: "2", linkname: "/" },
    { name: `to-root/tmp/${evil}`, content: "through a new link" },
    { name: `etc-link/${evil}`, content: "through a link that was there" },
    { name: `/${evil}`, content: "absolute" }
  ]
  expect((await put(rawTar(entries))).status).toBe(200)
  hostIsUntouched()
  const read = (path: string) => siege.docker.ok("exec", target, "cat", path)
  expect(await read(`/tmp/${evil}`)).toBe("through a new link")
  expect(await read(`/etc/${evil}`)).toBe("through a link that was there")
  expect(await read(`/drop/${evil}`)).toBe("absolute")
})

test("a path that climbs ends at the container's root", async () => {
  expect((await put(rawTar([{ name: evil, content: "x" }]), "../../../../tmp")).status).toBe(200)
  hostIsUntouched()
})

test("a link to a file of the host shows the container's", async () => {
  await siege.docker.ok(
    "exec",
    target,
    "sh",
    "-c",
    "echo inside >/etc/hostile; ln -s ../../../../../etc/hostile /drop/up"
  )
  const bytes: Array<Buffer> = []
  const outcome = await siege.docker.run(["cp", "-L", `${target}:/drop/up`, "-"], {
    onStdout: (chunk) => bytes.push(chunk)
  })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(Buffer.concat(bytes).toString("latin1")).toContain("inside\n")
})

test("what is no folder takes no archive, and what is not there neither", async () => {
  expectRefusal(await put(rawTar([]), "/drop/file"), 400, "extraction point is not a directory")
  expectRefusal(await put(rawTar([]), "/absent"), 404, `Could not find the file /absent in container ${target}`)
})

test("a refusal reaches a client that still has much to send", async () => {
  const body = Buffer.concat([rawTar([{ name: "../climbs" }], false), Buffer.alloc(60_000_000)])
  expectRefusal(await put(body), 400, outsideOf("../climbs"))
})

test("a bomb of 200 MB in 200 kB costs the daemon no memory", async () => {
  const start = siege.memoryBytes()
  expect((await put(gzipSync(rawTar([{ name: "zeros", content: Buffer.alloc(200_000_000) }])))).status).toBe(200)
  expect(siege.memoryBytes() - start).toBeLessThan(100_000_000)
  expect(await siege.docker.ok("exec", target, "stat", "-c", "%s", "/drop/zeros")).toBe("200000000")
})

test("uploads that their clients abandon leave nothing open", async () => {
  const files = siege.openFiles()
  const bytes = requestBytes({
    method: "PUT",
    path: `/containers/${target}/archive?path=/drop`,
    type: "application/x-tar",
    body: large
  })
  await Promise.all(Array.from({ length: 8 }, () => siege.abandon(bytes.subarray(0, 150_000))))
  await until("all is closed", () => (siege.openFiles() <= files ? true : undefined), 30_000)
})

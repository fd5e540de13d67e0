import { busyboxArchive, makeImage } from "@sockerless/e2e-kit"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "vitest"
import { byClient, fromDaemon, judged, missing } from "../src/index.ts"

const on = judged()

const load = async (archive: Buffer): Promise<string> => {
  const { code, stdout, stderr } = await on.docker.run(["load"], { input: archive })
  assert.deepEqual([code, stderr], [0, ""])
  return stdout
}
const idOf = (ref: string): Promise<string> => on.docker.ok("inspect", "--type", "image", "-f", "{{.Id}}", ref)
const listed = async (...options: ReadonlyArray<string>): Promise<ReadonlyArray<string>> =>
  (await on.docker.ok("images", "--format", "{{.Repository}}:{{.Tag}}", ...options))
    .split("\n")
    .filter((line) => line !== "")

describe("docker load and save", () => {
  it("take and give an image that runs the same", async () => {
    assert.strictEqual(
      await load(await busyboxArchive("saved:v1", { Cmd: ["echo", "hello"], Labels: { a: "b" } })),
      "Loaded image: saved:v1\n"
    )
    const [before, file] = [await idOf("saved:v1"), join(mkdtempSync(join(on.daemon.folder, "save-")), "image.tar")]
    await on.docker.ok("save", "-o", file, "saved:v1")
    await on.docker.ok("rmi", "saved:v1")
    assert.strictEqual(await on.docker.ok("load", "-i", file), "Loaded image: saved:v1")
    assert.strictEqual(await idOf("saved:v1"), before)
    assert.strictEqual(await on.docker.ok("run", "--rm", "saved:v1"), "hello")
  })

  it("write to stdout and read from stdin, several at once", async () => {
    await load(await busyboxArchive("pair:one", { Labels: { n: "1" } }))
    await load(await busyboxArchive("pair:two", { Labels: { n: "2" } }))
    const chunks: Array<Buffer> = []
    const { code } = await on.docker.run(["save", "pair:one", "pair:two"], {
      onStdout: (chunk) => void chunks.push(chunk)
    })
    assert.strictEqual(code, 0)
    const manifest = execFileSync("tar", ["xO", "manifest.json"], { input: Buffer.concat(chunks), encoding: "utf8" })
    assert.sameMembers(
      (JSON.parse(manifest) as Array<{ RepoTags: Array<string> }>).flatMap(({ RepoTags }) => RepoTags),
      ["pair:one", "pair:two"]
    )
    await on.docker.ok("rmi", "pair:one", "pair:two")
    assert.sameMembers((await load(Buffer.concat(chunks))).trim().split("\n"), [
      "Loaded image: pair:one",
      "Loaded image: pair:two"
    ])
  })

  it("take a compressed archive, and one without a name", async () => {
    assert.strictEqual(await load(gzipSync(await busyboxArchive("zipped:v1"))), "Loaded image: zipped:v1\n")
    const id = await idOf("zipped:v1")
    const chunks: Array<Buffer> = []
    await on.docker.run(["save", id], { onStdout: (chunk) => void chunks.push(chunk) })
    assert.match(await load(Buffer.concat(chunks)), new RegExp(`^Loaded image( ID)?: (${id}|zipped:v1)\\n$`))
  })

  it("give every tag of a name without a tag", async () => {
    await on.docker.ok("tag", "busybox", "tags:a")
    await on.docker.ok("tag", "busybox", "tags:b")
    const chunks: Array<Buffer> = []
    await on.docker.run(["save", "tags"], { onStdout: (chunk) => void chunks.push(chunk) })
    const manifest = execFileSync("tar", ["xO", "manifest.json"], { input: Buffer.concat(chunks), encoding: "utf8" })
    assert.sameMembers((JSON.parse(manifest) as Array<{ RepoTags: Array<string> }>)[0]?.RepoTags ?? [], [
      "tags:a",
      "tags:b"
    ])
  })

  it("refuse what is no image", async () => {
    const { code, stderr } = await on.docker.run(["load"], { input: Buffer.alloc(4096, 7) })
    assert.strictEqual(code, 1)
    assert.notStrictEqual(stderr, "")
    const absent = await on.docker.run(["save", "nosuch:v9", "-o", join(on.daemon.folder, "x.tar")])
    assert.match(absent.stderr, /nosuch:v9|reference does not exist/)
    assert.strictEqual(absent.code, 1)
  })

  it("apply layers in their order, with what they delete", async () => {
    const first = [
      { path: "d", folder: true },
      { path: "d/gone", content: "x" },
      { path: "d/kept", content: "one" },
      { path: "o", folder: true },
      { path: "o/hidden", content: "x" }
    ]
    const second = [
      { path: "d/.wh.gone", content: "" },
      { path: "d/kept", content: "two" },
      { path: "o/.wh..wh..opq", content: "" },
      { path: "o/shown", content: "x" }
    ]
    const archive = await makeImage({ tag: "layers:v1", layers: [first, second], config: { Cmd: ["/none"] } })
    await load(archive)
    const id = await on.docker.ok("create", "layers:v1")
    const tar: Array<Buffer> = []
    await on.docker.run(["export", id], { onStdout: (chunk) => void tar.push(chunk) })
    const names = execFileSync("tar", ["t"], { input: Buffer.concat(tar), encoding: "utf8" })
      .split("\n")
      .map((name) => name.replace(/^\.\//, ""))
    assert.includeMembers(names, ["d/kept", "o/shown"])
    assert.notIncludeMembers(names, ["d/gone", "o/hidden"])
    const to = mkdtempSync(join(on.daemon.folder, "layers-"))
    await on.docker.ok("cp", `${id}:/d/kept`, to)
    assert.strictEqual(readFileSync(join(to, "kept"), "utf8"), "two")
  })
})

describe("docker tag and rmi", () => {
  it("name an image and take the name away; the last name takes the image", async () => {
    await load(await busyboxArchive("tagged:v1", { Labels: { t: "1" } }))
    const id = await idOf("tagged:v1")
    await on.docker.ok("tag", "tagged:v1", "host.example:5000/a/b:v2")
    assert.strictEqual(await idOf("host.example:5000/a/b:v2"), id)
    assert.strictEqual(await on.docker.ok("rmi", "tagged:v1"), "Untagged: tagged:v1")
    const told = (await on.docker.ok("rmi", "host.example:5000/a/b:v2")).split("\n")
    assert.strictEqual(told[0], "Untagged: host.example:5000/a/b:v2")
    assert.include(told, `Deleted: ${id}`)
    assert.strictEqual((await on.docker.run(["image", "inspect", id])).code, 1)
  })

  it("find an image by every way to say its name", async () => {
    const id = await idOf("busybox")
    for (const ref of [
      "busybox:latest",
      "docker.io/busybox",
      "docker.io/library/busybox:latest",
      "index.docker.io/library/busybox",
      id,
      id.slice(7),
      id.slice(7, 19)
    ]) {
      assert.strictEqual(await idOf(ref), id)
    }
  })

  it("refuse to take the image from under a container, but for -f", async () => {
    await load(await busyboxArchive("inuse:v1", { Labels: { u: "1" } }))
    const container = await on.docker.ok("create", "inuse:v1")
    const id = await idOf("inuse:v1")
    const message = `conflict: unable to remove repository reference "inuse:v1" (must force) - container ${container.slice(0, 12)} is using its referenced image ${id.slice(7, 19)}`
    await on.fails(1, fromDaemon(message), "rmi", "inuse:v1")
    await on.docker.ok("tag", "inuse:v1", "inuse:v2")
    assert.strictEqual(await on.docker.ok("rmi", "inuse:v2"), "Untagged: inuse:v2")
    await on.docker.ok("rm", container)
    await on.docker.ok("rmi", "inuse:v1")
  })

  it("say what is not there, and which name is none", async () => {
    await on.fails(1, missing("image", "nosuch"), "rmi", "nosuch")
    await on.fails(1, fromDaemon("No such image: nosuch:latest"), "tag", "nosuch", "x")
    const { code, stderr } = await on.docker.run(["tag", "busybox", "busyBox"])
    assert.include(stderr, "must be lowercase")
    assert.strictEqual(code, 1)
  })
})

describe("docker images", () => {
  it("lists names, filters and formats", async () => {
    await load(await busyboxArchive("listed:one", { Labels: { group: "x" } }))
    await load(await busyboxArchive("listed:two", { Labels: { group: "y" } }))
    assert.sameMembers([...(await listed("listed"))], ["listed:one", "listed:two"])
    assert.deepEqual(await listed("listed:two"), ["listed:two"])
    assert.deepEqual(await listed("--filter", "label=group=x"), ["listed:one"])
    assert.sameMembers([...(await listed("--filter", "reference=li*:*"))], ["listed:one", "listed:two"])
    assert.deepEqual(await listed("--filter", "dangling=true"), [])
    assert.deepEqual(await listed("nosuch"), [])
    const id = await idOf("listed:one")
    assert.strictEqual(await on.docker.ok("images", "-q", "listed:one"), id.slice(7, 19))
    assert.strictEqual(await on.docker.ok("images", "-q", "--no-trunc", "listed:one"), id)
    assert.match(await on.docker.ok("images", "--format", "{{.ID}} {{.Size}}", "listed:one"), /^[0-9a-f]{12} [\d.]+MB$/)
  })
})

describe("docker history and image inspect", () => {
  it("tell how the image was made", async () => {
    const rows = (
      await on.docker.ok("history", "--no-trunc", "--format", "{{.ID}} {{.CreatedBy}} {{.Size}}", "busybox")
    ).split("\n")
    assert.lengthOf(rows, 1)
    assert.match(rows[0] ?? "", /^sha256:[0-9a-f]{64} layer 0 [\d.]+MB$/)
    const facts = "{{.Os}} {{json .Config.Cmd}} {{len .RootFS.Layers}} {{json .RepoTags}}"
    assert.include(await on.docker.ok("image", "inspect", "-f", facts, "busybox"), 'linux ["sh"] 1 [')
    const absent = await on.docker.run(["image", "inspect", "nosuch"])
    assert.deepEqual([absent.code, absent.stdout], [1, "[]\n"])
    assert.include(
      absent.stderr,
      byClient({ current: "No such image: nosuch:latest", debian: "No such image: nosuch" })
    )
  })
})

describe("docker image prune", () => {
  it("removes images without a name, and with -a those that no container uses", async () => {
    await load(await busyboxArchive("pruned:v1", { Labels: { prune: "1" } }))
    const old = await idOf("pruned:v1")
    await load(await busyboxArchive("pruned:v1", { Labels: { prune: "2" } }))
    assert.include(await on.docker.ok("images", "-q", "--no-trunc", "--filter", "dangling=true"), old)
    assert.include(await on.docker.ok("image", "prune", "-f"), old)
    assert.include(await on.docker.ok("image", "prune", "-af", "--filter", "label=prune=2"), "untagged: pruned:v1")
    assert.strictEqual((await on.docker.run(["image", "inspect", "busybox"])).code, 0)
  })
})

describe("docker import", () => {
  it("makes an image of a tar", async () => {
    const folder = mkdtempSync(join(on.daemon.folder, "import-"))
    writeFileSync(join(folder, "f"), "imported\n")
    const tar = execFileSync("tar", ["c", "-C", folder, "f"])
    const { stdout } = await on.docker.run(["import", "--change", "LABEL made=here", "-", "from-tar:v1"], {
      input: tar
    })
    assert.match(stdout, /^sha256:[0-9a-f]{64}\n$/)
    assert.strictEqual(await on.docker.ok("inspect", "-f", "{{json .Config.Labels}}", "from-tar:v1"), '{"made":"here"}')
  })
})

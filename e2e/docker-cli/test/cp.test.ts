import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { assert, beforeAll, describe, it } from "vitest"
import { byClient, fromDaemon, judged, missing, noClient } from "../src/index.ts"

const on = judged()

beforeAll(async () => {
  if (noClient !== undefined) return
  await on.docker.ok("run", "-d", "--name", "box", "busybox", "sleep", "3000")
  const tree =
    "mkdir -p /tree/sub && echo one >/tree/one && echo two >/tree/sub/two && ln -s one /tree/link && chmod 640 /tree/one && chown 1000:1000 /tree/one"
  await on.docker.ok("exec", "box", "sh", "-c", tree)
})

const folder = (): string => mkdtempSync(join(on.daemon.folder, "cp-"))
const inside = (line: string): Promise<string> => on.docker.ok("exec", "box", "sh", "-c", line)
const cp = (...args: ReadonlyArray<string>): Promise<string> => on.docker.ok("cp", ...args)

describe("docker cp out of a container", () => {
  it("gives a file under its own name, or under another", async () => {
    const to = folder()
    await cp("box:/tree/one", to)
    assert.strictEqual(readFileSync(join(to, "one"), "utf8"), "one\n")
    assert.strictEqual(lstatSync(join(to, "one")).mode & 0o777, 0o640)
    await cp("box:/tree/one", join(to, "other"))
    assert.strictEqual(readFileSync(join(to, "other"), "utf8"), "one\n")
  })

  it("gives a folder with all below it", async () => {
    const to = folder()
    await cp("box:/tree", to)
    assert.strictEqual(readFileSync(join(to, "tree/sub/two"), "utf8"), "two\n")
    assert.strictEqual(readlinkSync(join(to, "tree/link")), "one")
  })

  it("gives the contents of a folder alone when told by a dot", async () => {
    const to = folder()
    await cp("box:/tree/.", to)
    assert.strictEqual(readFileSync(join(to, "sub/two"), "utf8"), "two\n")
    assert.isFalse(existsSync(join(to, "tree")))
  })

  it("makes the folder's copy under a new name", async () => {
    const to = join(folder(), "new")
    await cp("box:/tree", to)
    assert.strictEqual(readFileSync(join(to, "one"), "utf8"), "one\n")
  })

  it("gives a link as a link, and with -L what it leads to", async () => {
    const to = folder()
    await cp("box:/tree/link", to)
    assert.strictEqual(readlinkSync(join(to, "link")), "one")
    await cp("-L", "box:/tree/link", join(to, "followed"))
    assert.strictEqual(readFileSync(join(to, "followed"), "utf8"), "one\n")
  })

  it("writes a tar to stdout", async () => {
    const chunks: Array<Buffer> = []
    const { code } = await on.docker.run(["cp", "box:/tree", "-"], { onStdout: (chunk) => void chunks.push(chunk) })
    assert.strictEqual(code, 0)
    const names = execFileSync("tar", ["t"], { input: Buffer.concat(chunks), encoding: "utf8" })
    assert.sameMembers(names.trim().split("\n"), ["tree/", "tree/link", "tree/one", "tree/sub/", "tree/sub/two"])
  })

  it("reads what is mounted, and what the process has written since", async () => {
    await on.docker.ok(
      "run",
      "-d",
      "--name",
      "mounted",
      "-v",
      "/data",
      "busybox",
      "sh",
      "-c",
      "echo in volume >/data/f; exec sleep 600"
    )
    const to = folder()
    await on.docker.ok("exec", "mounted", "sh", "-c", "until test -s /data/f; do :; done")
    await cp("mounted:/data/f", to)
    assert.strictEqual(readFileSync(join(to, "f"), "utf8"), "in volume\n")
  })

  it("works on a container that has ended, and on one that never ran", async () => {
    const to = folder()
    await on.docker.run(["run", "--name", "ended", "busybox", "sh", "-c", "echo left >/left"])
    await cp("ended:/left", to)
    assert.strictEqual(readFileSync(join(to, "left"), "utf8"), "left\n")
    await on.docker.ok("create", "--name", "unborn", "busybox")
    await cp("unborn:/etc/group", to)
    assert.include(readFileSync(join(to, "group"), "utf8"), "extra:x:2000:app")
  })

  it("cannot be led out of the container by a link", async () => {
    await inside("ln -sfn /../../../../etc /escape; echo container >/etc/hostname-here")
    const to = folder()
    await cp("box:/escape/hostname-here", to)
    assert.strictEqual(readFileSync(join(to, "hostname-here"), "utf8"), "container\n")
  })

  it("says what is not there", async () => {
    const to = folder()
    await on.fails(
      1,
      byClient({
        current: fromDaemon("Could not find the file /nosuch in container box"),
        debian: "Error: No such container:path: box:/nosuch\n"
      }),
      ...["cp", "box:/nosuch", to]
    )
    await on.fails(
      1,
      byClient({ current: missing("container", "nosuch"), debian: "Error: No such container:path: nosuch:/x\n" }),
      ...["cp", "nosuch:/x", to]
    )
  })

  it("is exact for a large file", async () => {
    const to = folder()
    const sum = (await inside("dd if=/dev/urandom of=/large bs=1M count=20 2>/dev/null; sha256sum </large")).split(
      " "
    )[0]
    await cp("box:/large", to)
    assert.strictEqual(
      createHash("sha256")
        .update(readFileSync(join(to, "large")))
        .digest("hex"),
      sum
    )
  })
})

describe("docker cp into a container", () => {
  it("puts a file into a folder or under a new name", async () => {
    const from = folder()
    writeFileSync(join(from, "file"), "given\n", { mode: 0o604 })
    await cp(join(from, "file"), "box:/tmp")
    assert.strictEqual(await inside("cat /tmp/file; stat -c %a /tmp/file"), "given\n604")
    await cp(join(from, "file"), "box:/tmp/renamed")
    assert.strictEqual(await inside("cat /tmp/renamed"), "given")
  })

  it("puts a folder, or its contents alone", async () => {
    const from = folder()
    mkdirSync(join(from, "dir/sub"), { recursive: true })
    writeFileSync(join(from, "dir/sub/f"), "deep\n")
    symlinkSync("sub/f", join(from, "dir/link"))
    await inside("mkdir /a /b")
    await cp(join(from, "dir"), "box:/a")
    assert.strictEqual(await inside("cat /a/dir/sub/f; readlink /a/dir/link"), "deep\nsub/f")
    await cp(`${join(from, "dir")}/.`, "box:/b")
    assert.strictEqual(await inside("cat /b/sub/f; ls /b"), "deep\nlink\nsub")
    await cp(join(from, "dir"), "box:/c")
    assert.strictEqual(await inside("ls /c"), "link\nsub")
  })

  it("reads a tar from stdin", async () => {
    const from = folder()
    writeFileSync(join(from, "packed"), "from a tar\n")
    const tar = execFileSync("tar", ["c", "-C", from, "packed"])
    const { code } = await on.docker.run(["cp", "-", "box:/tmp"], { input: tar })
    assert.strictEqual(code, 0)
    assert.strictEqual(await inside("cat /tmp/packed"), "from a tar")
  })

  it("reads a gzipped tar from stdin too", async () => {
    const from = folder()
    writeFileSync(join(from, "zipped"), "from a tgz\n")
    const tar = execFileSync("tar", ["cz", "-C", from, "zipped"])
    await on.docker.run(["cp", "-", "box:/tmp"], { input: tar })
    assert.strictEqual(await inside("cat /tmp/zipped"), "from a tgz")
  })

  it("keeps owners by number", async () => {
    const from = folder()
    writeFileSync(join(from, "owned"), "x")
    execFileSync("chown", ["1000:1000", join(from, "owned")])
    await cp(join(from, "owned"), "box:/tmp/plain")
    await cp("-a", join(from, "owned"), "box:/tmp/kept")
    assert.strictEqual(await inside("stat -c %u:%g /tmp/plain /tmp/kept"), "1000:1000\n1000:1000")
  })

  it("is seen by a process that runs, and found by one that starts later", async () => {
    const from = folder()
    writeFileSync(join(from, "script"), "echo ran what was copied\n")
    await on.docker.ok("create", "--name", "prepared", "busybox", "sh", "/script")
    await cp(join(from, "script"), "prepared:/script")
    assert.strictEqual((await on.docker.run(["start", "-a", "prepared"])).stdout, "ran what was copied\n")
  })

  it("is exact for a large file", async () => {
    const from = folder()
    const bytes = randomBytes(20 * 1024 * 1024)
    writeFileSync(join(from, "large"), bytes)
    await cp(join(from, "large"), "box:/tmp/large-in")
    const sum = createHash("sha256").update(bytes).digest("hex")
    assert.strictEqual(await inside("sha256sum </tmp/large-in"), `${sum}  -`)
  })

  it("is refused where the root is read-only, and allowed on a volume of it", async () => {
    const from = folder()
    writeFileSync(join(from, "f"), "x")
    await on.docker.ok("run", "-d", "--name", "fixed", "--read-only", "-v", "/data", "busybox", "sleep", "600")
    const { code, stderr } = await on.docker.run(["cp", join(from, "f"), "fixed:/f"])
    assert.include(stderr, "container rootfs is marked read-only")
    assert.strictEqual(code, 1)
    await cp(join(from, "f"), "fixed:/data/f")
    assert.strictEqual(await on.docker.ok("exec", "fixed", "cat", "/data/f"), "x")
  })

  it("is refused into a folder that is not there", async () => {
    const from = folder()
    writeFileSync(join(from, "f"), "x")
    const { code, stderr } = await on.docker.run(["cp", join(from, "f"), "box:/no/such/folder"])
    assert.strictEqual(
      stderr,
      byClient({
        current: fromDaemon("Could not find the file /no/such in container box"),
        debian: "Error: No such container:path: box:/no/such\n"
      })
    )
    assert.strictEqual(code, 1)
  })

  it("does not put a folder over a file", async () => {
    const from = folder()
    mkdirSync(join(from, "dir"))
    const { code, stderr } = await on.docker.run(["cp", join(from, "dir"), "box:/etc/passwd"])
    assert.include(stderr, "cannot copy directory")
    assert.strictEqual(code, 1)
  })
})

describe("docker diff", () => {
  it("tells what was added, changed and deleted", async () => {
    const line = "echo x >/added; echo y >>/etc/group; rm /etc/passwd"
    await on.docker.ok("run", "--name", "differs", "busybox", "sh", "-c", line)
    const lines = (await on.docker.ok("diff", "differs")).split("\n")
    assert.includeMembers(lines, ["A /added", "C /etc", "C /etc/group", "D /etc/passwd"])
  })
})

describe("docker export", () => {
  it("gives the whole root, and docker import makes an image of it", async () => {
    const file = join(folder(), "root.tar")
    await on.docker.run(["run", "--name", "exported", "busybox", "sh", "-c", "echo kept >/kept"])
    await on.docker.ok("export", "-o", file, "exported")
    const id = await on.docker.ok(
      "import",
      "-c",
      'CMD ["cat","/kept"]',
      "-c",
      "ENV A=1",
      "-m",
      "made",
      file,
      "imported:v1"
    )
    assert.match(id, /^sha256:[0-9a-f]{64}$/)
    assert.strictEqual(await on.docker.ok("run", "--rm", "imported:v1"), "kept")
    assert.strictEqual(await on.docker.ok("inspect", "-f", "{{.Config.Env}} {{.Comment}}", "imported:v1"), "[A=1] made")
  })

  it("takes a tar from stdin", async () => {
    const tar: Array<Buffer> = []
    await on.docker.run(["export", "box"], { onStdout: (chunk) => void tar.push(chunk) })
    const { code, stdout } = await on.docker.run(["import", "-", "piped"], { input: Buffer.concat(tar) })
    assert.strictEqual(code, 0)
    assert.match(stdout, /^sha256:[0-9a-f]{64}\n$/)
    assert.strictEqual(await on.docker.ok("run", "--rm", "piped", "cat", "/tree/one"), "one")
  })
})

describe("docker commit", () => {
  it("makes an image of a container's changes", async () => {
    await on.docker.run(["run", "--name", "source", "busybox", "sh", "-c", "echo changed >/changed"])
    const id = await on.docker.ok(
      "commit",
      "-c",
      'CMD ["cat","/changed"]',
      "-m",
      "why",
      "-a",
      "who",
      "source",
      "committed"
    )
    assert.match(id, /^sha256:[0-9a-f]{64}$/)
    assert.strictEqual(await on.docker.ok("run", "--rm", "committed"), "changed")
    const facts = "{{.Comment}}|{{.Author}}|{{len .RootFS.Layers}}"
    assert.strictEqual(await on.docker.ok("inspect", "-f", facts, "committed"), "why|who|2")
  })
})

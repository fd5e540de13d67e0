import { target } from "@sockerless/e2e-kit"
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { byClient, fromDaemon, judged, lacks, missing } from "../src/index.ts"

const on = judged()
const { printed, sh } = on
const of = (name: string, template: string): Promise<string> => on.docker.ok("inspect", "-f", template, name)

describe("a named volume", () => {
  it("keeps its data from container to container", async () => {
    await printed(["-v", "kept:/data"], "echo first >/data/f")
    assert.strictEqual(await printed(["-v", "kept:/other/place"], "cat /other/place/f"), "first\n")
    assert.strictEqual(await printed(["--mount", "type=volume,src=kept,dst=/data"], "cat /data/f"), "first\n")
  })

  it("is shared by containers that run at once", async () => {
    await on.docker.ok("run", "-d", "--name", "writer", "-v", "shared:/data", "busybox", "sleep", "600")
    await on.docker.ok("exec", "writer", "sh", "-c", "echo now >/data/f")
    assert.strictEqual(await printed(["-v", "shared:/data:ro"], "cat /data/f"), "now\n")
    const { code, stderr } = await sh(["-v", "shared:/data:ro"], "touch /data/x")
    assert.deepEqual([code, stderr], [1, "touch: /data/x: Read-only file system\n"])
  })

  it("takes what the image has at its place when it is empty, with owners; not with nocopy", async () => {
    assert.strictEqual(await printed(["-v", "filled:/etc"], "ls /etc/group /etc/passwd"), "/etc/group\n/etc/passwd\n")
    assert.strictEqual(await printed(["-v", "filled:/x"], "grep -c extra /x/group"), "1\n")
    assert.strictEqual(await printed(["-v", "bare:/home:nocopy"], "ls /home | wc -l"), "0\n")
    assert.strictEqual(
      await printed(["--mount", "type=volume,src=bare2,dst=/home,volume-nocopy"], "ls /home | wc -l"),
      "0\n"
    )
    await printed(["-v", "used:/data"], "echo mine >/data/f")
    assert.strictEqual(await printed(["-v", "used:/etc"], "ls /etc"), "f\nhostname\nhosts\nresolv.conf\n")
  })

  it("is made by volume create, shown by ls and inspect, and removed when nobody uses it", async () => {
    assert.strictEqual(await on.docker.ok("volume", "create", "--label", "a=b", "made"), "made")
    assert.strictEqual(await on.docker.ok("volume", "create", "made"), "made")
    assert.strictEqual(await on.docker.ok("volume", "ls", "-q", "--filter", "label=a=b"), "made")
    assert.strictEqual(
      await on.docker.ok("volume", "ls", "--filter", "name=^made$", "--format", "{{.Name}} {{.Driver}}"),
      "made local"
    )
    const facts = "{{.Name}} {{.Driver}} {{.Scope}} {{json .Labels}} {{json .Options}}"
    assert.match(await on.docker.ok("volume", "inspect", "-f", facts, "made"), /^made local local {"a":"b"} ({}|null)$/)
    assert.isTrue(existsSync(await on.docker.ok("volume", "inspect", "-f", "{{.Mountpoint}}", "made")))
    const id = await on.docker.ok("create", "-v", "made:/x", "busybox")
    await on.fails(1, fromDaemon(`remove made: volume is in use - [${id}]`), "volume", "rm", "made")
    await on.docker.ok("rm", id)
    assert.strictEqual(await on.docker.ok("volume", "rm", "made"), "made")
    const absent = await on.docker.run(["volume", "inspect", "made"])
    assert.strictEqual(absent.code, 1)
    assert.include(absent.stderr, byClient({ current: "get made: no such volume", debian: "No such volume: made" }))
  })

  it("is refused under a name that none may have", async () => {
    const { code, stderr } = await on.docker.run(["volume", "create", "a/b"])
    assert.include(stderr, 'create a/b: "a/b" includes invalid characters for a local volume name')
    assert.strictEqual(code, 1)
  })

  it("says what is not there, but for -f", async () => {
    await on.fails(1, missing("volume", "nosuch"), "volume", "rm", "nosuch")
    assert.strictEqual((await on.docker.run(["volume", "rm", "-f", "nosuch"])).code, 0)
  })
})

describe("an anonymous volume", () => {
  it("is made by -v, and goes with --rm or rm -v only", async () => {
    await on.docker.run(["run", "--name", "anonymous", "-v", "/data", "busybox", "sh", "-c", "echo x >/data/f"])
    const name = await of("anonymous", "{{(index .Mounts 0).Name}}")
    assert.match(name, /^[0-9a-f]{64}$/)
    await on.docker.ok("rm", "anonymous")
    assert.strictEqual(await on.docker.ok("volume", "ls", "-q", "--filter", `name=${name}`), name)
    await on.docker.ok("volume", "rm", name)
    const before = await on.docker.ok("volume", "ls", "-q")
    await printed(["-v", "/data"], "touch /data/f")
    await on.docker.ok("create", "--name", "with-volume", "-v", "/data", "busybox")
    await on.docker.ok("rm", "-v", "with-volume")
    assert.strictEqual(await on.docker.ok("volume", "ls", "-q"), before)
  })

  it("is kept by a restart", async () => {
    await on.docker.ok(
      "run",
      "-d",
      "--name",
      "restarted",
      "-v",
      "/data",
      "busybox",
      "sh",
      "-c",
      "echo run >>/data/f; exec sleep 600"
    )
    await on.docker.ok("restart", "-t", "0", "restarted")
    assert.strictEqual(
      await on.docker.ok("exec", "restarted", "sh", "-c", "until test $(wc -l </data/f) = 2; do :; done; cat /data/f"),
      "run\nrun"
    )
  })

  it("comes from another container with --volumes-from", async () => {
    await on.docker.run([
      "run",
      "--name",
      "donor",
      "-v",
      "/data",
      "-v",
      "lent:/lent",
      "busybox",
      "sh",
      "-c",
      "echo 1 >/data/f; echo 2 >/lent/f"
    ])
    assert.strictEqual(await printed(["--volumes-from", "donor"], "cat /data/f /lent/f"), "1\n2\n")
    const { code, stderr } = await sh(["--volumes-from", "donor:ro"], "touch /data/g")
    assert.deepEqual([code, stderr], [1, "touch: /data/g: Read-only file system\n"])
  })
})

describe("docker volume prune", () => {
  it("removes anonymous volumes that nobody uses", async () => {
    await on.docker.run(["run", "--name", "owner", "-v", "/data", "busybox", "true"])
    const name = await of("owner", "{{(index .Mounts 0).Name}}")
    assert.notInclude(await on.docker.ok("volume", "prune", "-f"), name)
    await on.docker.ok("rm", "owner")
    assert.include(await on.docker.ok("volume", "prune", "-f"), `${name}\n`)
    assert.strictEqual(await on.docker.ok("volume", "ls", "-q", "--filter", `name=${name}`), "")
  })

  it.skipIf(lacks("--all", 23) || target === "dockerd")("leaves named ones unless told -a", async () => {
    await on.docker.ok("volume", "create", "--label", "mine=1", "named-prune")
    assert.notInclude(await on.docker.ok("volume", "prune", "-f", "--filter", "label=mine=1"), "named-prune")
    assert.include(await on.docker.ok("volume", "prune", "-af", "--filter", "label=mine=1"), "named-prune")
  })
})

describe("a bind", () => {
  it("shows changes of either side at once", async () => {
    const folder = mkdtempSync(join(on.daemon.folder, "bind-"))
    await on.docker.ok("run", "-d", "--name", "bound", "-v", `${folder}:/data`, "busybox", "sleep", "600")
    writeFileSync(join(folder, "outside"), "out\n")
    assert.strictEqual(await on.docker.ok("exec", "bound", "cat", "/data/outside"), "out")
    await on.docker.ok("exec", "bound", "sh", "-c", "echo in >/data/inside")
    assert.strictEqual(readFileSync(join(folder, "inside"), "utf8"), "in\n")
    const facts =
      "{{(index .Mounts 0).Type}} {{(index .Mounts 0).Source}} {{(index .Mounts 0).Destination}} {{(index .Mounts 0).RW}}"
    assert.strictEqual(await of("bound", facts), `bind ${folder} /data true`)
  })

  it("lies over a volume that is mounted above it", async () => {
    const folder = mkdtempSync(join(on.daemon.folder, "bind-"))
    writeFileSync(join(folder, "f"), "inner\n")
    assert.strictEqual(await printed(["-v", `${folder}:/data/sub`, "-v", "outer:/data"], "cat /data/sub/f"), "inner\n")
  })
})

describe("a tmpfs", () => {
  it("is empty at each start", async () => {
    await on.docker.run([
      "run",
      "--name",
      "forgetful",
      "--mount",
      "type=tmpfs,dst=/t,tmpfs-size=1m",
      "busybox",
      "sh",
      "-c",
      "ls /t; echo x >/t/f"
    ])
    assert.deepEqual(await on.docker.run(["start", "-a", "forgetful"]), { code: 0, stdout: "", stderr: "" })
  })
})

describe("two mounts at one place", () => {
  it("are refused", async () => {
    const { code, stderr } = await on.docker.run(["run", "--rm", "-v", "a1:/x", "-v", "b1:/x", "busybox"])
    assert.include(stderr, "Duplicate mount point: /x")
    assert.strictEqual(code, 125)
  })
})

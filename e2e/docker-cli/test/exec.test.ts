import { target, until } from "@sockerless/e2e-kit"
import { createHash, randomBytes } from "node:crypto"
import { mkdtempSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, beforeAll, describe, it } from "vitest"
import { fromDaemon, judged, missing, noClient } from "../src/index.ts"

const on = judged()

beforeAll(async () => {
  if (noClient === undefined)
    await on.docker.ok("run", "-d", "--name", "box", "-e", "FROM=run", "busybox", "sleep", "3000")
})

const exec = (...args: ReadonlyArray<string>) => on.docker.run(["exec", ...args])
const line = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await exec(...args)
  assert.deepEqual([code, stderr], [0, ""])
  return stdout
}

describe("the exit code of docker exec", () => {
  it("is the process's own", async () => {
    for (const code of [0, 1, 42, 255]) assert.strictEqual((await exec("box", "sh", "-c", `exit ${code}`)).code, code)
  })

  it("is 128 and the signal's number for a killed process", async () => {
    assert.strictEqual((await exec("box", "sh", "-c", "kill -9 $$")).code, 137)
    assert.strictEqual((await exec("box", "sh", "-c", "kill -15 $$")).code, 143)
  })

  it("is 126 or 127 when the command is not there, and the text names it", async () => {
    const { code, stdout, stderr } = await exec("box", "nosuch")
    assert.include(stdout + stderr, 'exec: "nosuch": executable file not found in $PATH: unknown')
    assert.strictEqual(code, target === "dockerd" ? 126 : 127)
  })

  it("is 126 for a file that may not be executed", async () => {
    const { code, stdout, stderr } = await exec("box", "/etc/passwd")
    assert.include(stdout + stderr, 'exec: "/etc/passwd": permission denied: unknown')
    assert.strictEqual(code, 126)
  })

  it("is 1 for a container that is not there", () =>
    on.fails(1, missing("container", "nosuch"), "exec", "nosuch", "true"))

  it("is 1 for a container that does not run", async () => {
    const id = await on.docker.ok("create", "busybox")
    await on.fails(
      1,
      fromDaemon(`${target === "dockerd" ? "Container" : "container"} ${id} is not running`),
      "exec",
      id,
      "true"
    )
  })

  it("is 1 for a paused container", async () => {
    await on.docker.ok("run", "-d", "--name", "frozen", "busybox", "sleep", "600")
    await on.docker.ok("pause", "frozen")
    await on.fails(
      1,
      fromDaemon("Container frozen is paused, unpause the container before exec"),
      ...["exec", "frozen", "true"]
    )
    await on.docker.ok("unpause", "frozen")
  })

  it("is 137 for a process whose container is killed", async () => {
    await on.docker.ok("run", "-d", "--name", "doomed", "busybox", "sleep", "600")
    const client = on.docker.background("exec", "doomed", "sh", "-c", "echo begun; exec sleep 600")
    await until("it runs", () => (client.stdout() === "begun\n" ? true : undefined))
    await on.docker.ok("kill", "doomed")
    assert.strictEqual((await client.ended).code, 137)
  })

  it("is not that of the container when its main process ends", async () => {
    await on.docker.ok("run", "-d", "--name", "brief", "busybox", "sleep", "600")
    await on.docker.ok("rm", "-f", "brief")
    assert.strictEqual((await exec("brief", "true")).code, 1)
  })
})

describe("the process of docker exec", () => {
  it("is beside the main process, in the same container", async () => {
    assert.strictEqual(await line("box", "cat", "/proc/1/cmdline"), "sleep\u00003000\0")
    await line("box", "sh", "-c", "echo shared >/shared")
    assert.strictEqual(await line("box", "cat", "/shared"), "shared\n")
  })

  it("has the container's variables and those of -e and --env-file", async () => {
    const file = join(mkdtempSync(join(on.daemon.folder, "env-")), "env")
    writeFileSync(file, "# a comment\nFILE=from file\n\nEMPTY=\n")
    const given = ["-e", "GIVEN=1 2", "-e", "FROM=exec", "--env-file", file]
    const variables = await line(...given, "box", "sh", "-c", 'echo "$FROM|$GIVEN|$FILE|$EMPTY|$HOME"')
    assert.strictEqual(variables, "exec|1 2|from file||/root\n")
    assert.strictEqual(await line("box", "sh", "-c", "echo $FROM"), "run\n")
  })

  it("works in the folder of -w", async () => {
    assert.strictEqual(await line("-w", "/tmp", "box", "pwd"), "/tmp\n")
    assert.strictEqual(await line("box", "pwd"), "/\n")
  })

  it("is who -u says", async () => {
    assert.strictEqual(
      await line("-u", "app", "box", "id"),
      "uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)\n"
    )
    assert.strictEqual(await line("-u", "1234:99", "box", "sh", "-c", "id -u; id -g"), "1234\n99\n")
    const { code, stdout, stderr } = await exec("-u", "ghost", "box", "true")
    assert.include(stdout + stderr, "unable to find user ghost: no matching entries in passwd file")
    assert.notStrictEqual(code, 0)
  })

  it("has the container's capabilities, and all of root's with --privileged", async () => {
    const effective = "awk '/CapEff/{print $2}' /proc/self/status"
    assert.strictEqual(await line("box", "sh", "-c", effective), "00000000a80425fb\n")
    if (target === "dockerd") return
    const all = BigInt(`0x${(await line("--privileged", "box", "sh", "-c", effective)).trim()}`)
    assert.strictEqual(all & 0xa80425fbn, 0xa80425fbn)
    assert.isTrue(all > 0xa80425fbn)
  })

  it("is in the limits of its container", async () => {
    await on.docker.ok("run", "-d", "--name", "small", "--pids-limit", "6", "busybox", "sleep", "600")
    const { stderr } = await exec("small", "sh", "-c", "for i in 1 2 3 4 5 6 7; do sleep 1 & done; wait")
    assert.include(stderr, "can't fork: Resource temporarily unavailable")
  })

  it("runs on by itself with -d", async () => {
    assert.deepEqual(await exec("-d", "box", "sh", "-c", "echo done >/detached"), { code: 0, stdout: "", stderr: "" })
    await until("it has run", async () =>
      (await exec("box", "cat", "/detached")).stdout === "done\n" ? true : undefined
    )
  })
})

describe("the streams of docker exec", () => {
  it("keep stdout and stderr apart", async () => {
    const { stdout, stderr } = await exec("box", "sh", "-c", "echo out; echo err >&2")
    assert.deepEqual([stdout, stderr], ["out\n", "err\n"])
  })

  it("are exact for 8 MB of any bytes through -i and back", async () => {
    const bytes = randomBytes(8 * 1024 * 1024)
    const sum = createHash("sha256")
    const { code } = await on.docker.run(["exec", "-i", "box", "cat"], {
      input: bytes,
      onStdout: (chunk) => void sum.update(chunk)
    })
    assert.deepEqual([code, sum.digest("hex")], [0, createHash("sha256").update(bytes).digest("hex")])
  })

  it("are complete for a process that ends at once after a burst", async () => {
    const { stdout, stderr } = await exec("box", "sh", "-c", "seq 1 50000; seq 1 50000 >&2")
    assert.strictEqual(stdout.split("\n").length, 50_001)
    assert.strictEqual(stderr, stdout)
  })

  it("tell the process that there is no input without -i", async () => {
    const { stdout } = await on.docker.run(["exec", "box", "wc", "-c"], { input: "not for you" })
    assert.strictEqual(stdout, "0\n")
  })

  it("end when the process ends although the client's input is open", async () => {
    const client = on.docker.background("exec", "-i", "box", "sh", "-c", "read x; echo got $x; exit 4")
    client.write("line\n")
    const { code, stdout } = await client.ended
    assert.deepEqual([code, stdout], [4, "got line\n"])
  })

  it("join with a terminal's line ends with -t", async () => {
    const { code, stdout, stderr } = await exec("-t", "box", "sh", "-c", "echo out; echo err >&2; exit 5")
    assert.deepEqual([code, stdout, stderr], [5, "out\r\nerr\r\n", ""])
  })

  it("are those of ten at once, none mixed up", async () => {
    const asked = Array.from({ length: 10 }, (_, at) => exec("box", "sh", "-c", `seq ${at}000 ${at}999; exit ${at}`))
    for (const [at, { code, stdout }] of (await Promise.all(asked)).entries()) {
      assert.strictEqual(code, at)
      assert.strictEqual(
        stdout,
        Array.from({ length: at === 0 ? 1000 : 1000 }, (_, n) => `${at * 1000 + n}\n`).join("")
      )
    }
  })
})

import { until } from "@sockerless/e2e-kit"
import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()

const MEBIBYTE = 1024 * 1024
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")
const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

describe("docker run -i", () => {
  it("reads a tar from the client's pipe: tar c | docker run -i busybox tar t", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tar-"))
    writeFileSync(join(folder, "a"), "one")
    writeFileSync(join(folder, "b"), Buffer.alloc(300_000, 7))
    const tar = execFileSync("tar", ["c", "-C", folder, "a", "b"])
    const { code, stdout } = await on.docker.run(["run", "--rm", "-i", "busybox", "tar", "t"], { input: tar })
    assert.deepEqual([code, stdout], [0, "a\nb\n"])
  })

  it("is exact for 20 MB of any bytes inwards", async () => {
    const bytes = randomBytes(20 * MEBIBYTE)
    const { code, stdout } = await on.docker.run(["run", "--rm", "-i", "busybox", "sha256sum"], { input: bytes })
    assert.deepEqual([code, stdout], [0, `${sha256(bytes)}  -\n`])
  })

  it("is exact for 20 MB of any bytes outwards", async () => {
    const line = "dd if=/dev/urandom of=/f bs=1M count=20 2>/dev/null; sha256sum /f >&2; cat /f"
    const sum = createHash("sha256")
    const { code, stderr } = await on.docker.run(["run", "--rm", "busybox", "sh", "-c", line], {
      onStdout: (chunk) => void sum.update(chunk)
    })
    assert.deepEqual([code, stderr], [0, `${sum.digest("hex")}  /f\n`])
  })

  it("is exact for 20 MB through the container and back", async () => {
    const bytes = randomBytes(20 * MEBIBYTE)
    const sum = createHash("sha256")
    const { code } = await on.docker.run(["run", "--rm", "-i", "busybox", "cat"], {
      input: bytes,
      onStdout: (chunk) => void sum.update(chunk)
    })
    assert.deepEqual([code, sum.digest("hex")], [0, sha256(bytes)])
  })

  it("tells the process when the client's input ends, while output goes on", async () => {
    const line = "cat; sleep 0.3; echo after the end"
    const { code, stdout } = await on.docker.run(["run", "--rm", "-i", "busybox", "sh", "-c", line], { input: "in\n" })
    assert.deepEqual([code, stdout], [0, "in\nafter the end\n"])
  })

  it("gives a process without -i an empty input", async () => {
    const { code, stdout } = await on.docker.run(["run", "--rm", "busybox", "wc", "-c"], { input: "not for you" })
    assert.deepEqual([code, stdout], [0, "0\n"])
  })

  it("ends when the process ends although the client's input is open", async () => {
    const client = on.docker.background("run", "--rm", "-i", "busybox", "sh", "-c", "read x; echo got $x; exit 4")
    client.write("line\n")
    const { code, stdout } = await client.ended
    assert.deepEqual([code, stdout], [4, "got line\n"])
  })
})

describe("stdout and stderr", () => {
  it("are kept apart", async () => {
    const { stdout, stderr } = await on.docker.run(["run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2"])
    assert.deepEqual([stdout, stderr], ["out\n", "err\n"])
  })

  it("are both complete for a process that ends at once after a burst", async () => {
    const line = "seq 1 50000; seq 1 50000 >&2"
    const { stdout, stderr } = await on.docker.run(["run", "--rm", "busybox", "sh", "-c", line])
    assert.strictEqual(stdout.split("\n").length, 50_001)
    assert.strictEqual(stderr, stdout)
  })

  it("are attached alone with -a", async () => {
    const line = ["busybox", "sh", "-c", "echo out; echo err >&2"]
    const out = await on.docker.run(["run", "--rm", "-a", "stdout", ...line])
    assert.deepEqual([out.stdout, out.stderr], ["out\n", ""])
    const err = await on.docker.run(["run", "--rm", "-a", "stderr", ...line])
    assert.deepEqual([err.stdout, err.stderr], ["", "err\n"])
  })

  it("do not wait for a line's end", async () => {
    const client = on.docker.background("run", "--rm", "-i", "busybox", "sh", "-c", "printf 'no newline'; read x")
    await until("the text is here", () => (client.stdout() === "no newline" ? true : undefined))
    client.endInput()
    await client.ended
  })
})

describe("docker attach", () => {
  it("follows a running container and ends with its exit code", async () => {
    await on.docker.ok(
      "run",
      "-d",
      "-i",
      "--name",
      "followed",
      "busybox",
      "sh",
      "-c",
      "while read x; do echo said $x; echo twice >&2; done; exit 7"
    )
    const client = on.docker.background("attach", "followed")
    await pause(300)
    client.write("hello\n")
    await until("the answer is here", () =>
      client.stdout() === "said hello\n" && client.stderr() === "twice\n" ? true : undefined
    )
    // The container was made with -d: its input stays open when a client goes, so it is ended by hand.
    await on.docker.ok("kill", "followed")
    assert.strictEqual((await client.ended).code, 137)
  })

  it("serves two clients, and both see everything", async () => {
    await on.docker.ok("run", "-d", "-i", "--name", "shared", "busybox", "cat")
    const one = on.docker.background("attach", "shared")
    const two = on.docker.background("attach", "--no-stdin", "shared")
    await pause(300)
    one.write("x\n")
    await until("both have it", () => (one.stdout() === "x\n" && two.stdout() === "x\n" ? true : undefined))
    await on.docker.ok("rm", "-f", "shared")
    await Promise.all([one.ended, two.ended])
  })

  it("passes signals on to the process, unless told not to", async () => {
    const trap = "trap 'echo got it; exit 9' TERM; while :; do sleep 0.1; done"
    await on.docker.ok("run", "-d", "--name", "trapper", "busybox", "sh", "-c", trap)
    const client = on.docker.background("attach", "--no-stdin", "trapper")
    await pause(300)
    client.signal("SIGTERM")
    const { code, stdout } = await client.ended
    assert.deepEqual([code, stdout], [9, "got it\n"])
  })

  it("refuses a container that does not run", async () => {
    const id = await on.docker.ok("create", "busybox")
    const { code, stderr } = await on.docker.run(["attach", id])
    assert.strictEqual(stderr, "cannot attach to a stopped container, start it first\n")
    assert.strictEqual(code, 1)
  })

  it("to a container made beforehand gives all from the first byte: docker start -ai", async () => {
    await on.docker.ok("create", "-i", "--name", "later", "busybox", "sh", "-c", "echo first; cat; exit 3")
    const { code, stdout } = await on.docker.run(["start", "-ai", "later"], { input: "second\n" })
    assert.deepEqual([code, stdout], [3, "first\nsecond\n"])
  })
})

describe("docker logs", () => {
  it("gives both streams of an ended container apart, as often as asked", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "sh", "-c", "echo out; echo err >&2; printf tail")
    await on.docker.ok("wait", id)
    for (const _ of [1, 2]) {
      const { stdout, stderr } = await on.docker.run(["logs", id])
      assert.deepEqual([stdout, stderr], ["out\ntail", "err\n"])
    }
  })

  it("-f follows until the container ends", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "sh", "-c", "for i in 1 2 3 4 5; do echo $i; sleep 0.2; done")
    const { code, stdout } = await on.docker.run(["logs", "-f", id])
    assert.deepEqual([code, stdout], [0, "1\n2\n3\n4\n5\n"])
    assert.strictEqual(await on.docker.ok("inspect", "-f", "{{.State.Status}}", id), "exited")
  })

  it("-f follows beyond a restart", async () => {
    await on.docker.ok("run", "-d", "--name", "again", "busybox", "sh", "-c", "echo run; exec sleep 60")
    const client = on.docker.background("logs", "-f", "again")
    await until("the first line is here", () => (client.stdout() === "run\n" ? true : undefined))
    client.kill()
    await on.docker.ok("restart", "-t", "0", "again")
    await until("the second line is there", async () =>
      (await on.docker.ok("logs", "again")) === "run\nrun" ? true : undefined
    )
  })

  it("--tail gives the last lines, also none", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "seq", "1", "2000")
    await on.docker.ok("wait", id)
    assert.strictEqual(await on.docker.ok("logs", "--tail", "3", id), "1998\n1999\n2000")
    assert.strictEqual(await on.docker.ok("logs", "--tail", "0", id), "")
    assert.strictEqual((await on.docker.ok("logs", "--tail", "all", id)).split("\n").length, 2000)
    assert.strictEqual((await on.docker.ok("logs", "--tail", "5000", id)).split("\n").length, 2000)
  })

  it("-t puts the time of each line before it", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "sh", "-c", "echo a; echo b")
    await on.docker.ok("wait", id)
    const lines = (await on.docker.ok("logs", "-t", id)).split("\n")
    assert.lengthOf(lines, 2)
    for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z [ab]$/)
  })

  it("--since and --until cut by time, in each way to say a time", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "sh", "-c", "echo early; sleep 2.2; echo late")
    await on.docker.ok("wait", id)
    const [early, late] = (await on.docker.ok("logs", "-t", id)).split("\n").map((line) => line.split(" ")[0] ?? "")
    assert.strictEqual(await on.docker.ok("logs", "--since", late ?? "", id), "late")
    assert.strictEqual(await on.docker.ok("logs", "--since", "1s", id), "late")
    const second = Math.floor(Date.parse(early ?? "") / 1000) + 1
    assert.strictEqual(await on.docker.ok("logs", "--since", String(second), id), "late")
    assert.strictEqual(await on.docker.ok("logs", "--until", String(second), id), "early")
    assert.strictEqual(await on.docker.ok("logs", "--since", "1h", id), "early\nlate")
  })

  it("of a line longer than any buffer is whole", async () => {
    const id = await on.docker.ok(
      "run",
      "-d",
      "busybox",
      "sh",
      "-c",
      "head -c 100000 /dev/zero | tr '\\0' x; echo; echo end"
    )
    await on.docker.ok("wait", id)
    assert.strictEqual(await on.docker.ok("logs", id), `${"x".repeat(100_000)}\nend`)
    assert.strictEqual(await on.docker.ok("logs", "--tail", "1", id), "end")
  })

  it("of bytes that are no text is exact", async () => {
    const id = await on.docker.ok(
      "run",
      "-d",
      "busybox",
      "sh",
      "-c",
      "head -c 3000000 /dev/urandom >/f; sha256sum </f >&2; cat /f"
    )
    await on.docker.ok("wait", id)
    const sum = createHash("sha256")
    const { stderr } = await on.docker.run(["logs", id], { onStdout: (chunk) => void sum.update(chunk) })
    assert.strictEqual(stderr, `${sum.digest("hex")}  -\n`)
  })

  it("--details puts the labels before each line when the log driver is told of them", async () => {
    const id = await on.docker.ok("run", "-d", "--label", "k=v", "--log-opt", "labels=k", "busybox", "echo", "x")
    await on.docker.ok("wait", id)
    assert.strictEqual(await on.docker.ok("logs", "--details", id), "k=v x")
  })

  it("of a container that is not there is a clear error", async () => {
    const { code, stderr } = await on.docker.run(["logs", "nosuch"])
    assert.deepEqual([code, stderr], [1, "Error response from daemon: No such container: nosuch\n"])
  })

  it("are off with --log-driver none, and say so", async () => {
    const id = await on.docker.ok("run", "-d", "--log-driver", "none", "busybox", "echo", "x")
    await on.docker.ok("wait", id)
    const { code, stderr } = await on.docker.run(["logs", id])
    assert.strictEqual(stderr, "Error response from daemon: configured logging driver does not support reading\n")
    assert.strictEqual(code, 1)
  })
})

describe("a container with a flood of output", () => {
  it("is not held up by nobody reading it", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "sh", "-c", "seq 1 400000")
    assert.strictEqual(await on.docker.ok("wait", id), "0")
    const { stdout } = await on.docker.run(["logs", id])
    assert.isTrue(stdout.endsWith("\n400000\n"))
    assert.strictEqual(stdout.split("\n").length, 400_001)
  })
})

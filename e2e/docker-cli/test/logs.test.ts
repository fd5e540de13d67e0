import { target, until } from "@sockerless/e2e-kit"
import { createHash } from "node:crypto"
import { assert, describe, it } from "vitest"
import { judged, missing } from "../src/index.ts"

const on = judged()

/** A container that has said 1 to 5, and when it said each. */
const fiveLines = async () => {
  const line = "for i in 1 2 3 4 5; do echo $i; sleep 0.1; done"
  const id = await on.docker.ok("run", "-d", "busybox", "sh", "-c", line)
  await on.docker.ok("wait", id)
  const lines = (await on.docker.ok("logs", "-t", id)).split("\n")
  return { id, times: lines.map((text) => text.split(" ")[0] ?? "") }
}

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

  it("-f follows beyond a restart that comes while it reads", async () => {
    const line = "echo run; exec sleep 600"
    await on.docker.ok("run", "-d", "--name", "again", "busybox", "sh", "-c", line)
    await on.docker.ok("restart", "-t", "0", "again")
    await until("the second line is there", async () =>
      (await on.docker.ok("logs", "again")) === "run\nrun" ? true : undefined
    )
    const client = on.docker.background("logs", "-f", "--tail", "1", "again")
    await until("the last line is here", () => (client.stdout() === "run\n" ? true : undefined))
    await on.docker.ok("kill", "again")
    assert.strictEqual((await client.ended).code, 0)
  })

  it("-f gives each line when it comes, of both streams", async () => {
    await on.docker.ok(
      "run",
      "-d",
      "-i",
      "--name",
      "slow",
      "busybox",
      "sh",
      "-c",
      "while read x; do echo $x; echo $x >&2; done"
    )
    const reader = on.docker.background("logs", "-f", "slow")
    const writer = on.docker.background("attach", "slow")
    for (const said of ["a\n", "a\nb\n", "a\nb\nc\n"]) {
      writer.write(said.slice(-2))
      await until("the line is here", () => (reader.stdout() === said && reader.stderr() === said ? true : undefined))
    }
    await on.docker.ok("rm", "-f", "slow")
    assert.strictEqual((await reader.ended).code, 0)
    await writer.ended
  })

  it("-f ends when the container is removed", async () => {
    await on.docker.ok("run", "-d", "--rm", "--name", "fleeting", "busybox", "sh", "-c", "echo here; exec sleep 600")
    const client = on.docker.background("logs", "-f", "fleeting")
    await until("the line is here", () => (client.stdout() === "here\n" ? true : undefined))
    await on.docker.ok("kill", "fleeting")
    assert.deepEqual(await client.ended, { code: 0, stdout: "here\n", stderr: "" })
  })

  it("--tail gives the last lines, also none", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "seq", "1", "2000")
    await on.docker.ok("wait", id)
    assert.strictEqual(await on.docker.ok("logs", "--tail", "3", id), "1998\n1999\n2000")
    assert.strictEqual(await on.docker.ok("logs", "--tail", "0", id), "")
    assert.strictEqual(await on.docker.ok("logs", "-n", "1", id), "2000")
    for (const all of ["all", "-1", "many"]) {
      assert.strictEqual((await on.docker.ok("logs", "--tail", all, id)).split("\n").length, 2000)
    }
    assert.strictEqual((await on.docker.ok("logs", "--tail", "5000", id)).split("\n").length, 2000)
  })

  it("-t puts the time of each line before it", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "sh", "-c", "echo a; echo b")
    await on.docker.ok("wait", id)
    const lines = (await on.docker.ok("logs", "-t", id)).split("\n")
    assert.lengthOf(lines, 2)
    for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z [ab]$/)
  })

  it("--since and --until cut by time, both ends included", async () => {
    const { id, times } = await fiveLines()
    const of = (...options: ReadonlyArray<string>) => on.docker.ok("logs", ...options, id)
    assert.strictEqual(await of("--since", times[2] ?? ""), "3\n4\n5")
    assert.strictEqual(await of("--until", times[2] ?? ""), "1\n2\n3")
    assert.strictEqual(await of("--since", times[1] ?? "", "--until", times[3] ?? ""), "2\n3\n4")
    assert.strictEqual(await of("-f", "--until", times[2] ?? ""), "1\n2\n3")
  })

  it("--since and --until take seconds, ages and days", async () => {
    const { id, times } = await fiveLines()
    const of = (...options: ReadonlyArray<string>) => on.docker.ok("logs", ...options, id)
    const all = "1\n2\n3\n4\n5"
    const seconds = Math.floor(Date.parse(times[0] ?? "") / 1000)
    assert.strictEqual(await of("--since", String(seconds)), all)
    assert.strictEqual(await of("--until", String(seconds)), "")
    assert.strictEqual(
      await of("--since", `${seconds}.${(times[3] ?? "").slice(20, 29)}`).then((text) => text.slice(-1)),
      "5"
    )
    assert.strictEqual(await of("--since", "1h"), all)
    assert.strictEqual(await of("--until", "1h"), "")
    assert.strictEqual(await of("--since", "2013-01-02"), all)
    assert.strictEqual(await of("--since", "2013-01-02T15:04:05+02:00"), all)
    assert.strictEqual(await of("--until", "2013-01-02T15:04"), "")
    assert.strictEqual(await of("--since", "2099-01-01T00:00:00Z"), "")
    assert.strictEqual(await of("-f", "--since", "2099-01-01T00:00:00Z"), "")
    for (const unset of ["0", ""]) assert.strictEqual(await of("--since", unset, "--until", unset), all)
  })

  it("--since cuts what --tail has left", async () => {
    const { id, times } = await fiveLines()
    const of = (...options: ReadonlyArray<string>) => on.docker.ok("logs", ...options, id)
    assert.strictEqual(await of("--tail", "2", "--since", times[2] ?? ""), "4\n5")
    assert.strictEqual(await of("--tail", "4", "--since", times[3] ?? ""), "4\n5")
  })

  it("--since refuses what is no time", async () => {
    const id = await on.docker.ok("create", "busybox")
    const refusal = 'invalid value for "since": failed to parse value as time or duration: "10x"\n'
    await on.fails(1, refusal, "logs", "--since", "10x", id)
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

  // dockerd keeps its log as JSON text, which cannot hold such bytes.
  it.skipIf(target === "dockerd")("of bytes that are no text is exact", async () => {
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
    await on.fails(1, missing("container", "nosuch"), "logs", "nosuch")
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

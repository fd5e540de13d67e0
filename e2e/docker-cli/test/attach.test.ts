import { until } from "@sockerless/e2e-kit"
import { assert, describe, it } from "vitest"
import { byClient, judged, missing } from "../src/index.ts"

const on = judged()

describe("docker attach", () => {
  it("follows a running container and ends with its exit code", async () => {
    const line = "while read x; do echo said $x; echo twice >&2; done; exit 7"
    await on.docker.ok("run", "-d", "-i", "--name", "followed", "busybox", "sh", "-c", line)
    const client = on.docker.background("attach", "followed")
    client.write("hello\n")
    await until("the answer is here", () =>
      client.stdout() === "said hello\n" && client.stderr() === "twice\n" ? true : undefined
    )
    // The container was made with -d: its input stays open when a client goes, so it is ended by hand.
    await on.docker.ok("kill", "followed")
    assert.strictEqual((await client.ended).code, 137)
  })

  it("gives nothing of what was said before", async () => {
    await on.docker.ok("run", "-d", "-i", "--name", "late", "busybox", "sh", "-c", "echo before; read x; echo after $x")
    await until("it has said so", async () => ((await on.docker.ok("logs", "late")) === "before" ? true : undefined))
    const client = on.docker.background("attach", "late")
    client.write("all\n")
    const { code, stdout } = await client.ended
    assert.deepEqual([code, stdout], [0, "after all\n"])
  })

  it("serves two clients, and both see everything", async () => {
    await on.docker.ok("run", "-d", "-i", "--name", "shared", "busybox", "cat")
    const one = on.docker.background("attach", "shared")
    const two = on.docker.background("attach", "--no-stdin", "shared")
    await on.attached("shared", 2)
    one.write("x\n")
    await until("both have it", () => (one.stdout() === "x\n" && two.stdout() === "x\n" ? true : undefined))
    await on.docker.ok("rm", "-f", "shared")
    await Promise.all([one.ended, two.ended])
  })

  it("leaves the container running when a client is killed", async () => {
    await on.docker.ok("run", "-d", "-i", "--name", "abandoned", "busybox", "cat")
    const client = on.docker.background("attach", "abandoned")
    await on.attached("abandoned")
    client.kill()
    await client.ended
    const next = on.docker.background("attach", "abandoned")
    next.write("still here\n")
    await until("it answers the next one", () => (next.stdout() === "still here\n" ? true : undefined))
    next.kill()
    await next.ended
  })

  it("passes signals on to the process", async () => {
    const trap = "trap 'echo got it; exit 9' TERM; while :; do sleep 0.1; done"
    await on.docker.ok("run", "-d", "--name", "trapper", "busybox", "sh", "-c", trap)
    const client = on.docker.background("attach", "--no-stdin", "trapper")
    await on.attached("trapper")
    client.signal("SIGTERM")
    const { code, stdout } = await client.ended
    assert.deepEqual([code, stdout], [9, "got it\n"])
  })

  it("refuses a container that does not run", async () => {
    const id = await on.docker.ok("create", "busybox")
    await on.fails(1, "You cannot attach to a stopped container, start it first\n", "attach", id)
  })

  it("refuses a paused one", async () => {
    await on.docker.ok("run", "-d", "--name", "frozen", "busybox", "sleep", "600")
    await on.docker.ok("pause", "frozen")
    await on.fails(1, "You cannot attach to a paused container, unpause it first\n", "attach", "frozen")
    await on.docker.ok("unpause", "frozen")
  })

  it("refuses one that is not there", () => on.fails(1, missing("container", "nosuch"), "attach", "nosuch"))

  it("refuses keys that are none", async () => {
    await on.docker.ok("run", "-d", "-i", "--name", "locked", "busybox", "cat")
    const { code, stderr } = await on.docker.run(["attach", "--detach-keys", "nonsense", "locked"])
    // The old client takes the refusal for the stream.
    assert.match(
      stderr,
      byClient({ current: /^unable to upgrade to tcp, received 400\n$/, debian: /^Unrecognized input header: \d+\n$/ })
    )
    assert.strictEqual(code, 1)
  })
})

describe("docker start -a", () => {
  it("gives all from the first byte of a container made beforehand, and takes its input", async () => {
    await on.docker.ok("create", "-i", "--name", "later", "busybox", "sh", "-c", "echo first; cat; exit 3")
    const { code, stdout } = await on.docker.run(["start", "-ai", "later"], { input: "second\n" })
    assert.deepEqual([code, stdout], [3, "first\nsecond\n"])
  })

  it("does so at each further start", async () => {
    await on.docker.ok("create", "--name", "repeated", "busybox", "sh", "-c", "echo run; exit 2")
    for (const _ of [1, 2, 3]) {
      const { code, stdout } = await on.docker.run(["start", "-a", "repeated"])
      assert.deepEqual([code, stdout], [2, "run\n"])
    }
  })

  it("names the process that cannot be started", async () => {
    await on.docker.ok("create", "--name", "unstartable", "busybox", "nosuch")
    const { code, stderr } = await on.docker.run(["start", "-a", "unstartable"])
    assert.strictEqual(code, 1)
    assert.include(stderr, 'exec: "nosuch": executable file not found in $PATH: unknown')
  })
})

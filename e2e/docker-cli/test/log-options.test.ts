import { until } from "@sockerless/e2e-kit"
import { statSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()

const print = (lines: number) =>
  `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i of a log that has a limit"; done`

describe("the log options of docker run", () => {
  it("max-size keeps the log of any output below it, and the newest lines are there", async () => {
    const id = await on.docker.ok("run", "-d", "--log-opt", "max-size=20k", "busybox", "sh", "-c", print(3000))
    assert.equal(await on.docker.ok("wait", id), "0")
    const lines = (await on.docker.ok("logs", id)).split("\n")
    assert.equal(lines.at(-1), "line 3000 of a log that has a limit")
    assert.isBelow(lines.length, 700)
    assert.isAtMost(statSync(join(on.daemon.folder, "data", "containers", id, "container.log")).size, 20_000)
  })

  it("a follower reads on when the log is begun anew", async () => {
    const id = await on.docker.ok(
      ...["run", "-d", "-i", "--log-opt", "max-size=20k", "busybox", "sh", "-c"],
      `${print(200)}; echo first; until [ -e /go ]; do sleep 0.05; done; ${print(300)}; echo last`
    )
    const follower = on.docker.background("logs", "-f", id)
    await until("the first part is followed", () => (follower.stdout().includes("first\n") ? true : undefined))
    await on.docker.ok("exec", id, "touch", "/go")
    assert.equal((await follower.ended).code, 0)
    assert.equal(follower.stdout().split("\n").at(-2), "last")
  })

  it("labels and env are shown by docker logs --details", async () => {
    const id = await on.docker.ok(
      ...["run", "-d", "-l", "k=a b", "-e", "E=v", "--log-opt", "labels=k,none", "--log-opt", "env=E"],
      ...["busybox", "echo", "x"]
    )
    await on.docker.ok("wait", id)
    assert.equal(await on.docker.ok("logs", "--details", id), "E=v,k=a+b x")
    assert.equal(await on.docker.ok("logs", id), "x")
  })

  it("what cannot be honoured is refused by name", async () => {
    const { code, stderr } = await on.docker.run(["create", "--log-opt", "nonsense=1", "busybox"])
    assert.equal(code, 1)
    assert.match(stderr, /log opt(ion)? ["']nonsense["']/)
  })
})

import { target, until } from "@sockerless/e2e-kit"
import { assert, beforeAll, describe, it } from "vitest"
import { fromDaemon, judged, noClient } from "../src/index.ts"

const on = judged()

beforeAll(async () => {
  if (noClient !== undefined) return
  const line = "sleep 3001 & while :; do head -c 100000 /dev/zero >/dev/null; sleep 0.1; done"
  await on.docker.ok("run", "-d", "--name", "busy", "-m", "64m", "busybox", "sh", "-c", line)
})

const stats = (format: string, ...names: ReadonlyArray<string>): Promise<string> =>
  on.docker.ok("stats", "--no-stream", "--format", format, ...names)

describe("docker top", () => {
  it("shows the processes of the container", async () => {
    const [head = "", ...rows] = (await on.docker.ok("top", "busy")).split("\n")
    assert.deepEqual(head.trim().split(/\s+/), ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"])
    assert.isTrue(rows.some((row) => row.endsWith("sleep 3001")))
    const main = await on.docker.ok("inspect", "-f", "{{.State.Pid}}", "busy")
    assert.isTrue(rows.some((row) => row.trim().split(/\s+/)[1] === main))
  })

  it("takes the options of ps", async () => {
    const [head = "", ...rows] = (await on.docker.ok("top", "busy", "-o", "pid,comm")).split("\n")
    assert.deepEqual(head.trim().split(/\s+/), ["PID", "COMMAND"])
    assert.isTrue(rows.some((row) => row.trim().endsWith("sh")))
  })

  it("refuses a container that does not run", async () => {
    const id = await on.docker.ok("create", "busybox")
    await on.fails(1, fromDaemon(`${target === "dockerd" ? "Container" : "container"} ${id} is not running`), "top", id)
  })
})

describe("docker stats", () => {
  it("measures what runs, once", async () => {
    const line = await stats(
      "{{.Name}} {{.Container}} {{.PIDs}} {{.MemUsage}}|{{.CPUPerc}}|{{.MemPerc}}|{{.NetIO}}|{{.BlockIO}}",
      "busy"
    )
    assert.match(
      line,
      /^busy busy \d+ [\d.]+\wi?B \/ 64MiB\|[\d.]+%\|[\d.]+%\|[\d.]+\wB \/ [\d.]*\w?B\|[\d.]+\w?B \/ [\d.]+\w?B$/
    )
    assert.isAtLeast(Number(await stats("{{.PIDs}}", "busy")), 2)
  })

  it("goes on measuring until it is left", async () => {
    const client = on.docker.background("stats", "--format", "{{.Name}}", "busy")
    await until("it has measured twice", () => (client.stdout().split("busy").length > 2 ? true : undefined), 40_000)
    client.kill()
    await client.ended
  })

  it("shows what has ended with -a, and nothing of it else", async () => {
    await on.docker.run(["run", "--name", "over", "busybox", "true"])
    const names = async (...options: ReadonlyArray<string>) =>
      (await on.docker.ok("stats", "--no-stream", "--format", "{{.Name}}", ...options)).split("\n")
    assert.deepEqual(await names(), ["busy"])
    assert.includeMembers(await names("-a"), ["busy", "over"])
  })

  it("says what is not there", () =>
    on.fails(1, fromDaemon("No such container: nosuch"), "stats", "--no-stream", "nosuch"))
})

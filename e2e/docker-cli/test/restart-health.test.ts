import { target, until } from "@sockerless/e2e-kit"
import { assert, describe, it } from "vitest"
import { judged, lacks } from "../src/index.ts"

const on = judged()
const of = (name: string, template: string): Promise<string> => on.docker.ok("inspect", "-f", template, name)
const run = (name: string, ...rest: ReadonlyArray<string>): Promise<string> =>
  on.docker.ok("run", "-d", "--name", name, ...rest)

/** Ends with this code after having written a line to /runs, so that runs can be counted. */
const ends = (code: number): ReadonlyArray<string> => ["busybox", "sh", "-c", `echo run; exit ${code}`]

const runs = async (name: string): Promise<number> =>
  (await on.docker.ok("logs", name)).split("\n").filter((line) => line === "run").length

describe("--restart", () => {
  it("no: stays ended", async () => {
    await run("never", "--restart", "no", ...ends(1))
    assert.strictEqual(await on.docker.ok("wait", "never"), "1")
    assert.strictEqual(await of("never", "{{.State.Status}} {{.RestartCount}}"), "exited 0")
  })

  it("on-failure:2: starts again twice after a failure, then gives up", async () => {
    await run("twice", "--restart", "on-failure:2", ...ends(3))
    await on.shows("twice", "{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}}", "exited 2 3")
    assert.strictEqual(await runs("twice"), 3)
  })

  it("on-failure: leaves a success alone", async () => {
    await run("fine", "--restart", "on-failure", ...ends(0))
    await on.shows("fine", "{{.State.Status}} {{.RestartCount}}", "exited 0")
    assert.strictEqual(await runs("fine"), 1)
  })

  it("always: starts again after a success too, until it is stopped", async () => {
    await run("endless", "--restart", "always", ...ends(0))
    await until("it has run thrice", async () => ((await runs("endless")) >= 3 ? true : undefined), 40_000)
    await on.docker.ok("stop", "-t", "0", "endless")
    assert.strictEqual(await of("endless", "{{.State.Status}} {{.State.Running}}"), "exited false")
    const before = await runs("endless")
    await on.docker.ok("ps", "-a")
    assert.strictEqual(await runs("endless"), before)
  })

  it("unless-stopped: starts again after a process was killed from inside", async () => {
    await run("tough", "--restart", "unless-stopped", "busybox", "sh", "-c", "echo run; sleep 0.1; kill -9 $$")
    await until("it has run twice", async () => ((await runs("tough")) >= 2 ? true : undefined), 40_000)
    await on.docker.ok("rm", "-f", "tough")
  })

  it("is not for docker kill: what a user ends stays ended", async () => {
    await run("ended", "--restart", "always", "busybox", "sleep", "600")
    await on.docker.ok("kill", "ended")
    await on.shows("ended", "{{.State.Status}} {{.State.ExitCode}}", "exited 137")
    await on.docker.ok("start", "ended")
    assert.strictEqual(await of("ended", "{{.State.Running}}"), "true")
  })

  it("keeps a followed log open over the restarts", async () => {
    await run("followed", "--restart", "on-failure:1", ...ends(1))
    await on.shows("followed", "{{.State.Status}} {{.RestartCount}}", "exited 1")
    assert.strictEqual(await on.docker.ok("logs", "-f", "followed"), "run\nrun")
  })
})

describe("--health-cmd", () => {
  const quick = ["--health-interval", "200ms", "--health-timeout", "20s"]
  const health = "{{.State.Health.Status}}"

  it("goes from starting to healthy, with its output kept", async () => {
    const check = "test -e /up && echo all well"
    await run("patient", "--health-cmd", check, ...quick, "--health-retries", "1000", "busybox", "sleep", "600")
    assert.strictEqual(await of("patient", health), "starting")
    assert.match(
      await on.docker.ok("ps", "--filter", "name=patient", "--format", "{{.Status}}"),
      /\(health: starting\)$/
    )
    await on.docker.ok("exec", "patient", "touch", "/up")
    await on.shows("patient", health, "healthy")
    const last = "{{range .State.Health.Log}}{{.ExitCode}}:{{.Output}};{{end}}"
    assert.include(await of("patient", last), "0:all well\n;")
    assert.match(
      await on.docker.ok("ps", "--filter", "health=healthy", "--format", "{{.Names}} {{.Status}}"),
      /^patient Up .+ \(healthy\)$/
    )
  })

  it("turns unhealthy after --health-retries failures in a row, and back", async () => {
    await run(
      "sick",
      "--health-cmd",
      "test ! -e /down || { echo broken; exit 1; }",
      ...quick,
      "--health-retries",
      "2",
      "busybox",
      "sleep",
      "600"
    )
    await on.shows("sick", health, "healthy")
    await on.docker.ok("exec", "sick", "touch", "/down")
    await on.shows("sick", health, "unhealthy")
    assert.isAtLeast(Number(await of("sick", "{{.State.Health.FailingStreak}}")), 2)
    await on.docker.ok("exec", "sick", "rm", "/down")
    await on.shows("sick", health, "healthy")
    const told = await on.docker.ok(
      "events",
      "--since",
      "0",
      "--until",
      String(Date.now() / 1000),
      "--filter",
      "container=sick",
      "--filter",
      "event=health_status",
      "--format",
      "{{.Action}}"
    )
    assert.deepEqual(told.split("\n").slice(0, 3), [
      "health_status: healthy",
      "health_status: unhealthy",
      "health_status: healthy"
    ])
  })

  it("counts a check that takes longer than its time as failed", async () => {
    await run(
      "slow",
      "--health-cmd",
      "sleep 100",
      "--health-interval",
      "100ms",
      "--health-timeout",
      "500ms",
      "--health-retries",
      "1",
      "busybox",
      "sleep",
      "600"
    )
    await on.shows("slow", health, "unhealthy")
    assert.match(
      await of("slow", "{{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}"),
      /^-1 Health check exceeded timeout \(500ms\)/
    )
  })

  it("is off with --no-healthcheck, and absent without", async () => {
    await run("unchecked", "--no-healthcheck", "busybox", "sleep", "600")
    assert.strictEqual(await of("unchecked", "{{json .State.Health}}"), "null")
  })

  it.skipIf(lacks("--health-start-interval", 25) || target === "dockerd")(
    "is asked sooner within --health-start-period",
    async () => {
      const soon = ["--health-start-period", "10m", "--health-start-interval", "100ms", "--health-interval", "10m"]
      await run("early", "--health-cmd", "true", ...soon, "busybox", "sleep", "600")
      await on.shows("early", health, "healthy")
    }
  )
})

import { noWorkloads } from "@sockerless/e2e-cloud-sdks"
import { until } from "@sockerless/e2e-kit"
import { Effect } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { prepare, type Prepared } from "../src/index.ts"

let world: Prepared

beforeAll(async () => {
  if (noWorkloads === undefined) world = await prepare()
}, 120_000)
afterAll(async () => {
  if (noWorkloads === undefined) await world?.stop()
}, 120_000)

const run = (args: ReadonlyArray<string>) => world.daemon().docker.run(args, { millis: 90_000 })
const ok = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await run(args)
  assert.deepEqual([code, stderr], [0, ""], args.join(" "))
  return stdout.replace(/\n$/, "")
}

const inspect = (name: string, format: string): Promise<string> => ok("inspect", "-f", format, name)

/** Families of task definitions that are there now. */
const families = () =>
  Effect.runPromise(
    Effect.map(
      world.account.ecs("ListTaskDefinitionFamilies", (client, sdk, call) =>
        client.send(new sdk.ListTaskDefinitionFamiliesCommand({ status: "ACTIVE" }), call)
      ),
      (answer) => answer.families ?? []
    )
  )

const runningTasks = () =>
  Effect.runPromise(
    Effect.map(
      world.account.ecs("ListTasks", (client, sdk, call) =>
        client.send(new sdk.ListTasksCommand({ cluster: "main" }), call)
      ),
      (answer) => answer.taskArns ?? []
    )
  )

describe.skipIf(noWorkloads !== undefined)("docker run --runtime=ecs", { timeout: 180_000 }, () => {
  it("runs the image as a Fargate task, shows its output and ends with its exit code", async () => {
    const { code, stdout, stderr } = await run([
      "run",
      "--rm",
      "--runtime=ecs",
      "-e",
      "WORD=hello",
      "busybox",
      "sh",
      "-c",
      "echo $WORD; exit 7"
    ])
    assert.deepEqual([code, stdout, stderr], [7, "hello\n", ""])
    assert.deepEqual(await families(), [])
  })

  it("keeps what docker run -d started: ps, logs, wait, inspect, and rm takes everything away", async () => {
    const id = await ok(
      ...["run", "-d", "--runtime=ecs", "--name", "worker", "-l", "k=v", "busybox", "sh", "-c"],
      "for i in 1 2 3; do echo line $i; done; sleep 2; exit 3"
    )
    assert.match(await inspect("worker", "{{.HostConfig.Runtime}} {{.State.Status}}"), /^ecs (running|exited)$/)
    assert.equal(await ok("wait", id), "3")
    assert.deepEqual((await ok("logs", id)).split("\n"), ["line 1", "line 2", "line 3"])
    assert.equal(await ok("logs", "--tail", "1", id), "line 3")
    assert.match(await ok("ps", "-a", "--filter", "name=worker", "--format", "{{.Status}}"), /^Exited \(3\)/)
    assert.lengthOf(await families(), 1)
    await ok("rm", "worker")
    assert.deepEqual(await families(), [])
  })

  it("follows live output and stops with the process's own exit code", async () => {
    const id = await ok(
      ...["run", "-d", "--runtime=ecs", "busybox", "sh", "-c"],
      "trap 'echo stopping; exit 4' TERM; echo ready; while :; do sleep 0.1; done"
    )
    const follower = world.daemon().docker.background("logs", "-f", id)
    await until("the line is followed", () => (follower.stdout().includes("ready\n") ? true : undefined), 30_000)
    await ok("stop", id)
    assert.equal((await follower.ended).code, 0)
    assert.equal(follower.stdout(), "ready\nstopping\n")
    assert.equal(await inspect(id, "{{.State.ExitCode}}"), "4")
    await ok("rm", id)
  })

  it("starts a stopped container again as a new task", async () => {
    const id = await ok("create", "--runtime=ecs", "busybox", "echo", "again")
    for (const _ of [1, 2]) {
      const started = await run(["start", "-a", id])
      assert.deepEqual([started.code, started.stdout], [0, "again\n"])
    }
    await ok("rm", id)
  })

  it("refuses by name what a task cannot honour", async () => {
    for (const [options, words] of [
      [["-p", "8080:80"], /backend ecs does not support published ports \(-p\): /],
      [["-v", "/tmp:/x"], /backend ecs does not support bind mounts: /],
      [["--privileged"], /backend ecs does not support --privileged: /],
      [["-it"], /backend ecs does not support a terminal \(-t\): /],
      [["--memory", "500g"], /backend ecs does not support .*: Fargate offers/]
    ] as const) {
      const { code, stderr } = await run(["create", "--runtime=ecs", ...options, "busybox"])
      assert.equal(code, 1)
      assert.match(stderr, words)
    }
    const id = await ok("run", "-d", "--runtime=ecs", "busybox", "sleep", "600")
    const { code, stderr } = await run(["exec", id, "true"])
    assert.notEqual(code, 0)
    assert.match(stderr, /backend ecs does not support exec: /)
    await ok("rm", "-f", id)
  })

  it("tells a process that does not exist as docker does", async () => {
    const { code, stderr } = await run(["run", "--rm", "--runtime=ecs", "busybox", "/no/such/program"])
    assert.equal(code, 127, stderr)
    assert.deepEqual(await families(), [])
  })

  it("a killed daemon finds its tasks again: one that runs on, and the exit code of one that ended meanwhile", async () => {
    const running = await ok("run", "-d", "--runtime=ecs", "busybox", "sleep", "600")
    const ending = await ok("run", "-d", "--runtime=ecs", "busybox", "sh", "-c", "echo before; sleep 3; exit 5")
    await world.restart(async () => {
      await until("one task has ended", async () => ((await runningTasks()).length === 1 ? true : undefined), 60_000)
    })
    assert.equal(await inspect(running, "{{.State.Status}}"), "running")
    assert.equal(await inspect(ending, "{{.State.Status}} {{.State.ExitCode}}"), "exited 5")
    assert.equal(await ok("logs", ending), "before")
    await ok("rm", "-f", running, ending)
    assert.deepEqual([await families(), await runningTasks()], [[], []])
  })
})

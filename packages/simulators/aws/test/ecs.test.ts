import * as logsSdk from "@aws-sdk/client-cloudwatch-logs"
import * as ecrSdk from "@aws-sdk/client-ecr"
import * as ecsSdk from "@aws-sdk/client-ecs"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { noWorkloads, type Rig, startRig } from "./rig.ts"
import { misfitsIn } from "./shapes.ts"
import { GROUP, openTasks, type Tasks } from "./tasks.ts"
import { until } from "./until.ts"

let rig: Rig
let tasks: Tasks

beforeAll(async () => {
  if (noWorkloads !== undefined) return
  rig = await startRig()
  tasks = await openTasks(rig)
}, 60_000)
afterAll(async () => {
  if (noWorkloads === undefined) await rig.stop()
}, 60_000)

describe.skipIf(noWorkloads !== undefined)("ECS runs tasks for real", { timeout: 90_000 }, () => {
  it("from its own registry to an exit code, with the output in the log stream", async () => {
    const arn = await tasks.run(await tasks.define("hello", ["sh", "-c", "echo out; echo err >&2; exit 7"]))
    const task = await tasks.reached(arn, "STOPPED")
    assert.strictEqual(task.stopCode, "EssentialContainerExited")
    assert.strictEqual(task.stoppedReason, "Essential container in task exited")
    assert.strictEqual(task.containers?.[0]?.exitCode, 7)
    assert.deepStrictEqual((await tasks.linesOf("hello", arn)).toSorted(), ["err", "out"])
    const found = await tasks.logs.send(
      new logsSdk.FilterLogEventsCommand({ logGroupName: GROUP, filterPattern: "err" })
    )
    assert.strictEqual(found.events?.[0]?.logStreamName, `hello/main/${arn.split("/").at(-1)}`)
  })

  it("answers one client token with one task, and names it to whoever asks something else by it", async () => {
    const definition = await tasks.define("token", ["sleep", "600"])
    const token = { clientToken: "the-same", tags: [{ key: "who", value: "me" }] }
    const arn = await tasks.run(definition, token)
    assert.strictEqual(await tasks.run(definition, token), arn)
    const conflict = await tasks.run(definition, { ...token, startedBy: "other" }).then(
      () => undefined,
      (error: Error & { readonly resourceIds?: ReadonlyArray<string> }) => error
    )
    assert.strictEqual(conflict?.name, "ConflictException")
    assert.deepStrictEqual(conflict?.resourceIds, [arn])
    const task = await tasks.reached(arn, "RUNNING")
    assert.deepStrictEqual(task.tags, [{ key: "who", value: "me" }])
    await tasks.ecs.send(new ecsSdk.StopTaskCommand({ cluster: "main", task: arn, reason: "enough" }))
    const stopped = await tasks.reached(arn, "STOPPED")
    assert.strictEqual(stopped.stopCode, "UserInitiated")
    assert.strictEqual(stopped.stoppedReason, "enough")
    assert.deepStrictEqual(stopped.tags, [])
  })

  it("stops by TERM first, and by KILL what does not listen", async () => {
    const polite = await tasks.run(
      await tasks.define("polite", ["sh", "-c", "trap 'exit 3' TERM; echo up; while :; do sleep 0.1; done"], {
        stopTimeout: 60
      })
    )
    const deaf = await tasks.run(
      await tasks.define("deaf", ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"])
    )
    for (const [family, arn] of [
      ["polite", polite],
      ["deaf", deaf]
    ] as const)
      await until("it is up", async () =>
        (await tasks.reached(arn, "RUNNING")) && (await tasks.linesOf(family, arn)).includes("up") ? true : undefined
      )
    for (const task of [polite, deaf]) await tasks.ecs.send(new ecsSdk.StopTaskCommand({ cluster: "main", task }))
    assert.strictEqual((await tasks.reached(polite, "STOPPED")).containers?.[0]?.exitCode, 3)
    assert.strictEqual((await tasks.reached(deaf, "STOPPED")).containers?.[0]?.exitCode, 137)
  })

  it("says why a task cannot start", async () => {
    const image = `${tasks.image.split("@")[0]}:missing`
    const arn = await tasks.run(await tasks.define("missing", ["true"], { image }))
    const task = await tasks.reached(arn, "STOPPED")
    assert.strictEqual(task.stopCode, "TaskFailedToStart")
    assert.match(task.stoppedReason ?? "", /^CannotPullContainerError: /)
    assert.strictEqual(task.containers?.[0]?.exitCode, undefined)
  })

  it("lists by who started and by what is wanted", async () => {
    const definition = await tasks.define("listed", ["sleep", "600"])
    const arn = await tasks.run(definition, { startedBy: "lister" })
    const list = async (desiredStatus: "RUNNING" | "STOPPED") =>
      (await tasks.ecs.send(new ecsSdk.ListTasksCommand({ cluster: "main", startedBy: "lister", desiredStatus })))
        .taskArns
    assert.deepStrictEqual(await list("RUNNING"), [arn])
    await tasks.ecs.send(new ecsSdk.StopTaskCommand({ cluster: "main", task: arn }))
    assert.deepStrictEqual(await list("RUNNING"), [])
    assert.deepStrictEqual(await list("STOPPED"), [arn])
    await tasks.reached(arn, "STOPPED")
  })

  it("answers in the shapes of the vendor's SDK", () => {
    const entries = rig.aws().simulation.journal.since(0)
    for (const [service, sdk] of [
      ["ecs", ecsSdk],
      ["ecr", ecrSdk],
      ["logs", logsSdk]
    ] as const) {
      const ours = entries.filter((entry) => entry.service === service)
      assert.isAbove(ours.length, 0)
      assert.deepStrictEqual([...new Set(misfitsIn(sdk, ours))], [])
    }
  })

  it("is found again by a simulator that died: the task runs on and none of its output is lost or doubled", async () => {
    const arn = await tasks.run(
      await tasks.define("survivor", [
        "sh",
        "-c",
        "i=0; while [ ! -e /tmp/end ]; do i=$((i+1)); echo line $i; sleep 0.1; [ $i -lt 30 ] || touch /tmp/end; done; exit 5"
      ])
    )
    await until("it has written", async () => {
      const lines = await tasks.linesOf("survivor", arn)
      return lines.length >= 3 ? lines : undefined
    })
    await rig.restart()
    const task = await tasks.reached(arn, "STOPPED")
    assert.strictEqual(task.containers?.[0]?.exitCode, 5)
    assert.deepStrictEqual(
      await tasks.linesOf("survivor", arn),
      Array.from({ length: 30 }, (_, at) => `line ${at + 1}`)
    )
  })
})

import { DescribeTasksCommand, RunTaskCommand, StopTaskCommand } from "@aws-sdk/client-ecs"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { realisticTiming } from "../src/index.ts"
import { noWorkloads, type Rig, startRig } from "./rig.ts"
import { openTasks, type Tasks } from "./tasks.ts"
import { until } from "./until.ts"

let rig: Rig
let tasks: Tasks

beforeAll(async () => {
  if (noWorkloads !== undefined) return
  rig = await startRig(realisticTiming)
  tasks = await openTasks(rig)
}, 60_000)
afterAll(async () => {
  if (noWorkloads === undefined) await rig.stop()
}, 60_000)

describe.skipIf(noWorkloads !== undefined)("a task on a clock that stands", { timeout: 90_000 }, () => {
  it("goes through its states only as time is moved", async () => {
    const { clock, faults } = rig.aws().simulation
    clock.stop()
    const definition = await tasks.define("states", ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"])
    const arn = await tasks.run(definition)
    const now = async (): Promise<string | undefined> => {
      const { tasks: found } = await tasks.ecs.send(new DescribeTasksCommand({ cluster: "main", tasks: [arn] }))
      return found?.[0]?.lastStatus
    }
    const becomes = (status: string): Promise<true> =>
      until(`the task is ${status}`, async () => ((await now()) === status ? true : undefined))
    assert.strictEqual(await now(), "PROVISIONING")
    clock.advance(realisticTiming.taskProvisioningMillis)
    await becomes("PENDING")
    clock.advance(realisticTiming.taskPendingMillis)
    await becomes("RUNNING")
    const stopped = await tasks.ecs.send(new StopTaskCommand({ cluster: "main", task: arn }))
    assert.strictEqual(stopped.task?.desiredStatus, "STOPPED")
    await becomes("DEPROVISIONING")
    clock.advance(realisticTiming.taskDeprovisioningMillis)
    await becomes("STOPPED")
    clock.advance(3600 * 1000)
    const { failures } = await tasks.ecs.send(new DescribeTasksCommand({ cluster: "main", tasks: [arn] }))
    assert.deepStrictEqual(
      failures?.map((failure) => failure.reason),
      ["MISSING"]
    )
    faults.add({ match: { operation: "RunTask" }, times: 1, fault: { kind: "capacity" } })
    const refused = await tasks.ecs.send(
      new RunTaskCommand({
        cluster: "main",
        taskDefinition: definition,
        networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } }
      })
    )
    assert.deepStrictEqual(refused.tasks, [])
    assert.match(refused.failures?.[0]?.reason ?? "", /^Capacity is unavailable/)
  })
})

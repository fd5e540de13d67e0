import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand
} from "@aws-sdk/client-cloudwatch-logs"
import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr"
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  type RunTaskCommandInput,
  type Task
} from "@aws-sdk/client-ecs"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as ecrSdk from "@aws-sdk/client-ecr"
import * as ecsSdk from "@aws-sdk/client-ecs"
import * as logsSdk from "@aws-sdk/client-cloudwatch-logs"
import { pushBusybox } from "./push-image.ts"
import { noWorkloads, type Rig, startRig } from "./rig.ts"
import { misfitsIn } from "./shapes.ts"
import { until } from "./until.ts"

let rig: Rig
let ecs: ECSClient
let logs: CloudWatchLogsClient
let image: string

const GROUP = "/tasks"

beforeAll(async () => {
  if (noWorkloads !== undefined) return
  rig = await startRig()
  ecs = new ECSClient(rig.client)
  logs = new CloudWatchLogsClient(rig.client)
  const ecr = new ECRClient(rig.client)
  const { repository } = await ecr.send(new CreateRepositoryCommand({ repositoryName: "team/box" }))
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
  const token = authorizationData?.[0]?.authorizationToken ?? ""
  const digest = await pushBusybox(rig.client.endpoint, token, "team/box", "1")
  image = `${repository?.repositoryUri}@${digest}`
  await ecs.send(new CreateClusterCommand({ clusterName: "main" }))
  await logs.send(new CreateLogGroupCommand({ logGroupName: GROUP }))
}, 60_000)
afterAll(async () => {
  if (noWorkloads === undefined) await rig.stop()
}, 60_000)

const define = async (family: string, command: ReadonlyArray<string>, more: object = {}): Promise<string> => {
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: "256",
      memory: "512",
      containerDefinitions: [
        {
          name: "main",
          image,
          command: [...command],
          logConfiguration: {
            logDriver: "awslogs",
            options: { "awslogs-group": GROUP, "awslogs-region": "us-east-1", "awslogs-stream-prefix": family }
          },
          ...more
        }
      ]
    })
  )
  return taskDefinition?.taskDefinitionArn ?? ""
}

const network = { awsvpcConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"] } }

const run = async (taskDefinition: string, more: Partial<RunTaskCommandInput> = {}): Promise<string> => {
  const { tasks } = await ecs.send(
    new RunTaskCommand({
      cluster: "main",
      taskDefinition,
      launchType: "FARGATE",
      networkConfiguration: network,
      ...more
    })
  )
  return tasks?.[0]?.taskArn ?? ""
}

const describeOne = async (arn: string): Promise<Task | undefined> => {
  const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: "main", tasks: [arn], include: ["TAGS"] }))
  return tasks?.[0]
}

const reached = (arn: string, status: string): Promise<Task> =>
  until(`the task is ${status}`, async () => {
    const task = await describeOne(arn)
    return task?.lastStatus === status ? task : undefined
  })

const linesOf = async (family: string, arn: string): Promise<ReadonlyArray<string | undefined>> => {
  const { events } = await logs.send(
    new GetLogEventsCommand({
      logGroupName: GROUP,
      logStreamName: `${family}/main/${arn.split("/").at(-1)}`,
      startFromHead: true
    })
  )
  return events?.map((event) => event.message) ?? []
}

/** As `linesOf`, of a stream that may not be there yet. */
const written = (family: string, arn: string): Promise<ReadonlyArray<string | undefined>> =>
  linesOf(family, arn).catch((error: Error) => {
    if (error.name === "ResourceNotFoundException") return []
    throw error
  })

describe.skipIf(noWorkloads !== undefined)("ECS runs tasks for real", { timeout: 90_000 }, () => {
  it("from its own registry to an exit code, with the output in the log stream", async () => {
    const arn = await run(await define("hello", ["sh", "-c", "echo out; echo err >&2; exit 7"]))
    const task = await reached(arn, "STOPPED")
    assert.strictEqual(task.stopCode, "EssentialContainerExited")
    assert.strictEqual(task.stoppedReason, "Essential container in task exited")
    assert.strictEqual(task.containers?.[0]?.exitCode, 7)
    assert.deepStrictEqual((await linesOf("hello", arn)).toSorted(), ["err", "out"])
    const found = await logs.send(new FilterLogEventsCommand({ logGroupName: GROUP, filterPattern: "err" }))
    assert.strictEqual(found.events?.[0]?.logStreamName, `hello/main/${arn.split("/").at(-1)}`)
  })

  it("answers one client token with one task, and names it to whoever asks something else by it", async () => {
    const definition = await define("token", ["sleep", "600"], { stopTimeout: 2 })
    const token = { clientToken: "the-same", tags: [{ key: "who", value: "me" }] }
    const arn = await run(definition, token)
    assert.strictEqual(await run(definition, token), arn)
    const conflict = await run(definition, { ...token, startedBy: "other" }).then(
      () => undefined,
      (error: Error & { readonly resourceIds?: ReadonlyArray<string> }) => error
    )
    assert.strictEqual(conflict?.name, "ConflictException")
    assert.deepStrictEqual(conflict?.resourceIds, [arn])
    const task = await reached(arn, "RUNNING")
    assert.deepStrictEqual(task.tags, [{ key: "who", value: "me" }])
    await ecs.send(new StopTaskCommand({ cluster: "main", task: arn, reason: "enough" }))
    const stopped = await reached(arn, "STOPPED")
    assert.strictEqual(stopped.stopCode, "UserInitiated")
    assert.strictEqual(stopped.stoppedReason, "enough")
    assert.deepStrictEqual(stopped.tags, [])
  })

  it("stops by TERM first, and by KILL what does not listen", async () => {
    const polite = await run(
      await define("polite", ["sh", "-c", "trap 'exit 3' TERM; echo up; while :; do sleep 0.1; done"])
    )
    const deaf = await run(
      await define("deaf", ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"], { stopTimeout: 2 })
    )
    for (const [family, arn] of [
      ["polite", polite],
      ["deaf", deaf]
    ] as const)
      await until("it is up", async () =>
        (await reached(arn, "RUNNING")) && (await written(family, arn)).includes("up") ? true : undefined
      )
    for (const task of [polite, deaf]) await ecs.send(new StopTaskCommand({ cluster: "main", task }))
    assert.strictEqual((await reached(polite, "STOPPED")).containers?.[0]?.exitCode, 3)
    assert.strictEqual((await reached(deaf, "STOPPED")).containers?.[0]?.exitCode, 137)
  })

  it("says why a task cannot start", async () => {
    const good = image
    image = `${good.split("@")[0]}:missing`
    const arn = await run(await define("missing", ["true"]))
    image = good
    const task = await reached(arn, "STOPPED")
    assert.strictEqual(task.stopCode, "TaskFailedToStart")
    assert.match(task.stoppedReason ?? "", /^CannotPullContainerError: /)
    assert.strictEqual(task.containers?.[0]?.exitCode, undefined)
  })

  it("lists by who started and by what is wanted", async () => {
    const definition = await define("listed", ["sleep", "600"], { stopTimeout: 2 })
    const arn = await run(definition, { startedBy: "lister" })
    const list = async (desiredStatus: "RUNNING" | "STOPPED") =>
      (await ecs.send(new ListTasksCommand({ cluster: "main", startedBy: "lister", desiredStatus }))).taskArns
    assert.deepStrictEqual(await list("RUNNING"), [arn])
    await ecs.send(new StopTaskCommand({ cluster: "main", task: arn }))
    assert.deepStrictEqual(await list("RUNNING"), [])
    assert.deepStrictEqual(await list("STOPPED"), [arn])
    await reached(arn, "STOPPED")
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
    const arn = await run(
      await define("survivor", [
        "sh",
        "-c",
        "i=0; while [ ! -e /tmp/end ]; do i=$((i+1)); echo line $i; sleep 0.2; [ $i -lt 30 ] || touch /tmp/end; done; exit 5"
      ])
    )
    await until("it has written", async () => {
      const lines = await written("survivor", arn)
      return lines.length >= 3 ? lines : undefined
    })
    await rig.restart()
    const task = await reached(arn, "STOPPED")
    assert.strictEqual(task.containers?.[0]?.exitCode, 5)
    assert.deepStrictEqual(
      await linesOf("survivor", arn),
      Array.from({ length: 30 }, (_, at) => `line ${at + 1}`)
    )
  })
})

import { CloudWatchLogsClient, CreateLogGroupCommand, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs"
import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr"
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  waitUntilTasksStopped
} from "@aws-sdk/client-ecs"
import { CreateFileSystemCommand, EFSClient } from "@aws-sdk/client-efs"
import { busyboxArchive, type Daemon, startSockerlessd, until } from "@sockerless/e2e-kit"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Cloudsim, noWorkloads, startCloudsim } from "../src/index.ts"

let sim: Cloudsim
let daemon: Daemon

const LINES = 40

beforeAll(async () => {
  if (noWorkloads !== undefined) return
  sim = await startCloudsim()
  daemon = await startSockerlessd()
})
afterAll(async () => {
  await daemon?.stop()
  await sim?.stop()
})

const config = () => ({
  endpoint: sim.environment()["AWS_ENDPOINT_URL"] ?? "",
  region: sim.environment()["AWS_REGION"] ?? "",
  credentials: {
    accessKeyId: sim.environment()["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: sim.environment()["AWS_SECRET_ACCESS_KEY"] ?? ""
  }
})

/** Pushes busybox by the docker CLI, logged in as the SDK's token says, and gives the reference. */
const pushed = async (repositoryName: string): Promise<string> => {
  const ecr = new ECRClient(config())
  const { repository } = await ecr.send(new CreateRepositoryCommand({ repositoryName }))
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
  const [user = "", password = ""] = Buffer.from(authorizationData?.[0]?.authorizationToken ?? "", "base64")
    .toString()
    .split(":")
  const reference = `${repository?.repositoryUri}:1`
  const registry = reference.split("/")[0] ?? ""
  const { docker } = daemon
  for (const [args, input] of [
    [["load"], await busyboxArchive(reference)],
    [["login", "-u", user, "--password-stdin", registry], password],
    [["push", reference], ""]
  ] as const) {
    const outcome = await docker.run(args, { input, millis: 120_000 })
    assert.strictEqual(outcome.code, 0, outcome.stderr)
  }
  return reference
}

describe.skipIf(noWorkloads !== undefined)("cloudsim aws", { timeout: 180_000 }, () => {
  it("runs what docker pushed, is killed meanwhile, and has lost nothing when it is back", async () => {
    const image = await pushed("e2e/box")
    const [ecs, logs] = [new ECSClient(config()), new CloudWatchLogsClient(config())]
    await ecs.send(new CreateClusterCommand({ clusterName: "e2e" }))
    await logs.send(new CreateLogGroupCommand({ logGroupName: "/e2e" }))
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "counter",
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        cpu: "256",
        memory: "512",
        containerDefinitions: [
          {
            name: "main",
            image,
            command: [
              "sh",
              "-c",
              `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo line $i; sleep 0.2; done; exit 9`
            ],
            logConfiguration: {
              logDriver: "awslogs",
              options: { "awslogs-group": "/e2e", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "t" }
            }
          }
        ]
      })
    )
    const { tasks: started } = await ecs.send(
      new RunTaskCommand({
        cluster: "e2e",
        taskDefinition: "counter",
        launchType: "FARGATE",
        networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } }
      })
    )
    const arn = started?.[0]?.taskArn ?? ""
    const lines = async (): Promise<ReadonlyArray<string | undefined>> => {
      const { events } = await logs
        .send(
          new GetLogEventsCommand({
            logGroupName: "/e2e",
            logStreamName: `t/main/${arn.split("/").at(-1)}`,
            startFromHead: true
          })
        )
        .catch((error: Error) => {
          if (error.name === "ResourceNotFoundException") return { events: [] }
          throw error
        })
      return events?.map((event) => event.message) ?? []
    }
    await until("it has written", async () => ((await lines()).length >= 3 ? true : undefined), 60_000)
    await sim.kill()
    await sim.start()
    await waitUntilTasksStopped({ client: ecs, maxWaitTime: 120, minDelay: 1 }, { cluster: "e2e", tasks: [arn] })
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: "e2e", tasks: [arn] }))
    assert.strictEqual(tasks?.[0]?.containers?.[0]?.exitCode, 9)
    assert.strictEqual(tasks?.[0]?.stopCode, "EssentialContainerExited")
    assert.deepStrictEqual(
      await lines(),
      Array.from({ length: LINES }, (_, at) => `line ${at + 1}`)
    )
  })

  it("lets a process run once at most, at whatever moment of its start the simulator is killed", async () => {
    const image = await pushed("e2e/once")
    const [ecs, efs] = [new ECSClient(config()), new EFSClient(config())]
    await ecs.send(new CreateClusterCommand({ clusterName: "once" }))
    const { FileSystemId = "" } = await efs.send(new CreateFileSystemCommand({ CreationToken: "once" }))
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "once",
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        cpu: "256",
        memory: "512",
        volumes: [{ name: "data", efsVolumeConfiguration: { fileSystemId: FileSystemId } }],
        containerDefinitions: [
          {
            name: "main",
            image,
            command: ["sh", "-c", "echo ran >> /data/$RUN"],
            mountPoints: [{ sourceVolume: "data", containerPath: "/data" }]
          }
        ]
      })
    )
    // From the first moment of a task to well after its end.
    for (const millis of [0, 30, 60, 90, 130, 180, 250, 400]) {
      const RUN = `run-${millis}`
      const { tasks: started } = await ecs.send(
        new RunTaskCommand({
          cluster: "once",
          taskDefinition: "once",
          networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
          overrides: { containerOverrides: [{ name: "main", environment: [{ name: "RUN", value: RUN }] }] }
        })
      )
      const arn = started?.[0]?.taskArn ?? ""
      await setTimeout(millis)
      await sim.kill()
      await sim.start()
      await waitUntilTasksStopped({ client: ecs, maxWaitTime: 120, minDelay: 1 }, { cluster: "once", tasks: [arn] })
      const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: "once", tasks: [arn] }))
      assert.strictEqual(
        tasks?.[0]?.containers?.[0]?.exitCode,
        0,
        `killed after ${millis} ms: ${tasks?.[0]?.stoppedReason}`
      )
      assert.strictEqual(
        await readFile(join(sim.folder, "efs", FileSystemId, RUN), "utf8"),
        "ran\n",
        `killed after ${millis} ms`
      )
    }
  })
})

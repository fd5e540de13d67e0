import { CloudWatchLogsClient, CreateLogGroupCommand, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs"
import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr"
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
  RunTaskCommand,
  type RunTaskCommandInput,
  type Task
} from "@aws-sdk/client-ecs"
import { pushBusybox } from "./push-image.ts"
import type { Rig } from "./rig.ts"
import { until } from "./until.ts"

/** The log group of all tests' tasks. */
export const GROUP = "/tasks"

/** A cluster with a log group and a busybox image in the registry, and short words for running tasks in it. */
export const openTasks = async (rig: Rig) => {
  const ecs = new ECSClient(rig.client)
  const logs = new CloudWatchLogsClient(rig.client)
  const ecr = new ECRClient(rig.client)
  const { repository } = await ecr.send(new CreateRepositoryCommand({ repositoryName: "team/box" }))
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
  const token = authorizationData?.[0]?.authorizationToken ?? ""
  const digest = await pushBusybox(rig.client.endpoint, token, "team/box", "1")
  const image = `${repository?.repositoryUri}@${digest}`
  await ecs.send(new CreateClusterCommand({ clusterName: "main" }))
  await logs.send(new CreateLogGroupCommand({ logGroupName: GROUP }))

  /** Registers a task definition of one container. */
  const define = async (
    family: string,
    command: ReadonlyArray<string>,
    container: object = {},
    task: Partial<RegisterTaskDefinitionCommandInput> = {}
  ): Promise<string> => {
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
            stopTimeout: 2,
            logConfiguration: {
              logDriver: "awslogs",
              options: { "awslogs-group": GROUP, "awslogs-region": "us-east-1", "awslogs-stream-prefix": family }
            },
            ...container
          }
        ],
        ...task
      })
    )
    return taskDefinition?.taskDefinitionArn ?? ""
  }

  const run = async (taskDefinition: string, more: Partial<RunTaskCommandInput> = {}): Promise<string> => {
    const { tasks } = await ecs.send(
      new RunTaskCommand({
        cluster: "main",
        taskDefinition,
        launchType: "FARGATE",
        networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"] } },
        ...more
      })
    )
    return tasks?.[0]?.taskArn ?? ""
  }

  const reached = (arn: string, status: string): Promise<Task> =>
    until(`the task is ${status}`, async () => {
      const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: "main", tasks: [arn], include: ["TAGS"] }))
      return tasks?.[0]?.lastStatus === status ? tasks[0] : undefined
    })

  /** What a task has written so far. */
  const linesOf = async (family: string, arn: string): Promise<ReadonlyArray<string>> => {
    const { events } = await logs
      .send(
        new GetLogEventsCommand({
          logGroupName: GROUP,
          logStreamName: `${family}/main/${arn.split("/").at(-1)}`,
          startFromHead: true
        })
      )
      .catch((error: Error) => {
        if (error.name === "ResourceNotFoundException") return { events: [] }
        throw error
      })
    return events?.map((event) => event.message ?? "") ?? []
  }

  return { ecs, logs, image, define, run, reached, linesOf }
}

export type Tasks = Awaited<ReturnType<typeof openTasks>>

import type { AwsAccount } from "@sockerless/cloud-aws"
import { ScannerFixture } from "@sockerless/backend-contract/scanner-suite"
import { DEFINITION, TASK } from "@sockerless/scanner-ecs"
import { awsTags, type TagSet } from "@sockerless/tags"
import { Effect, Layer, Result } from "effect"

interface Place {
  readonly account: AwsAccount
  readonly cluster: string
  /** An image that the simulated registry holds, with busybox in it. */
  readonly image: string
  readonly endpoint: string
  readonly pageSize: number
}

const tagList = (tags: TagSet | undefined) =>
  tags === undefined ? {} : { tags: Result.getOrThrow(awsTags.lowerPairs(tags)) }

const register = ({ account, image }: Place, family: string, tags: TagSet | undefined) =>
  account.ecs("RegisterTaskDefinition", (client, sdk, call) =>
    client.send(
      new sdk.RegisterTaskDefinitionCommand({
        family,
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        cpu: "256",
        memory: "512",
        containerDefinitions: [{ name: "main", image, command: ["sleep", "600"], stopTimeout: 2 }],
        ...tagList(tags)
      }),
      call
    )
  )

const isPull = (entry: unknown): boolean =>
  typeof entry === "object" && entry !== null && "service" in entry && entry.service === "ecr-distribution"

/** All requests that the simulator was sent so far, but for those by which its own tasks pull their image. */
const requests = (endpoint: string): Effect.Effect<number> =>
  Effect.promise(async () => {
    const answer: unknown = await (await fetch(`${endpoint}/_sim/v1/journal`)).json()
    if (!Array.isArray(answer)) throw new Error("the journal is no list")
    return answer.filter((entry) => !isPull(entry)).length
  })

/** Makes and sees tasks and task definitions past the scanner. */
export const ecsFixture = (place: Place): Layer.Layer<ScannerFixture> => {
  const { account, cluster } = place
  const runOf = (name: string, tags: TagSet | undefined) =>
    Effect.gen(function* () {
      yield* register(place, "planted", undefined)
      const { tasks } = yield* account.ecs("RunTask", (client, sdk, call) =>
        client.send(
          new sdk.RunTaskCommand({
            cluster,
            taskDefinition: "planted",
            launchType: "FARGATE",
            startedBy: name,
            networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
            ...tagList(tags)
          }),
          call
        )
      )
      return tasks?.[0]?.taskArn ?? ""
    })
  const idOf = (type: string, name: string, tags: TagSet | undefined) =>
    type === TASK
      ? runOf(name, tags)
      : Effect.map(register(place, name, tags), ({ taskDefinition }) => taskDefinition?.taskDefinitionArn ?? "")
  const exists = (type: string, id: string) =>
    type === TASK
      ? Effect.map(
          account.ecs("DescribeTasks", (client, sdk, call) =>
            client.send(new sdk.DescribeTasksCommand({ cluster, tasks: [id] }), call)
          ),
          ({ tasks }) => tasks?.some(({ lastStatus }) => lastStatus !== "STOPPED") ?? false
        )
      : account
          .ecs("DescribeTaskDefinition", (client, sdk, call) =>
            client.send(new sdk.DescribeTaskDefinitionCommand({ taskDefinition: id }), call)
          )
          .pipe(
            Effect.map(({ taskDefinition }) => taskDefinition?.status === "ACTIVE"),
            Effect.catch(() => Effect.succeed(false))
          )
  return Layer.succeed(ScannerFixture, {
    types: [DEFINITION, TASK],
    plant: ({ type, name, tags }) => Effect.orDie(Effect.map(idOf(type, name, tags), (id) => ({ type, id }))),
    exists: ({ type, id }) => Effect.orDie(exists(type, id)),
    pageSize: place.pageSize,
    calls: requests(place.endpoint),
    emptyScanCalls: 2
  })
}

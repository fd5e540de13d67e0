import type { Task } from "@aws-sdk/client-ecs"
import { type AwsFault, patiently } from "@sockerless/cloud-aws"
import { Effect } from "effect"
import type { EcsContext } from "./context.ts"

const DESCRIBED_AT_ONCE = 100

/** Tasks as ECS sees them now, in pages; one that it has forgotten is missing. */
export const describeTasks = Effect.fnUntraced(function* (
  { options }: EcsContext,
  arns: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyArray<Task>, AwsFault> {
  const tasks: Array<Task> = []
  for (let at = 0; at < arns.length; at += DESCRIBED_AT_ONCE) {
    const page = arns.slice(at, at + DESCRIBED_AT_ONCE)
    const answer = yield* patiently(
      options.account.ecs("DescribeTasks", (client, sdk, call) =>
        client.send(new sdk.DescribeTasksCommand({ cluster: options.cluster, tasks: [...page] }), call)
      )
    )
    tasks.push(...(answer.tasks ?? []))
  }
  return tasks
})

/** The task that was started under this name, running or stopped not long ago. */
export const findTask = Effect.fnUntraced(function* (
  { options }: EcsContext,
  startedBy: string
): Effect.fn.Return<string | undefined, AwsFault> {
  for (const desiredStatus of ["RUNNING", "STOPPED"] as const) {
    const { taskArns } = yield* patiently(
      options.account.ecs("ListTasks", (client, sdk, call) =>
        client.send(new sdk.ListTasksCommand({ cluster: options.cluster, startedBy, desiredStatus }), call)
      )
    )
    const [first] = taskArns ?? []
    if (first !== undefined) return first
  }
  return undefined
})

/** Asks ECS to end a task; one that it has forgotten has ended. */
export const stopTask = ({ options }: EcsContext, task: string, reason: string): Effect.Effect<void, AwsFault> =>
  patiently(
    options.account.ecs("StopTask", (client, sdk, call) =>
      client.send(new sdk.StopTaskCommand({ cluster: options.cluster, task, reason }), call)
    )
  ).pipe(
    Effect.asVoid,
    Effect.catchIf(
      (fault) => fault.code === "InvalidParameterException" && /not found/.test(fault.reason),
      () => Effect.void
    )
  )

/** Takes a task definition away: inactive first, then deleted. Absent is success. */
export const deleteDefinition = Effect.fnUntraced(function* (
  { options }: EcsContext,
  arn: string
): Effect.fn.Return<void, AwsFault> {
  const { ecs } = options.account
  const isAbsent = (fault: AwsFault) =>
    fault.code === "ClientException" && /describe task definition/i.test(fault.reason)
  const known = yield* patiently(
    ecs("DeregisterTaskDefinition", (client, sdk, call) =>
      client.send(new sdk.DeregisterTaskDefinitionCommand({ taskDefinition: arn }), call)
    )
  ).pipe(
    Effect.as(true),
    Effect.catchIf(isAbsent, () => Effect.succeed(false))
  )
  if (!known) return
  yield* patiently(
    ecs("DeleteTaskDefinitions", (client, sdk, call) =>
      client.send(new sdk.DeleteTaskDefinitionsCommand({ taskDefinitions: [arn] }), call)
    )
  )
})

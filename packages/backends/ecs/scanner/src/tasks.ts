import type { Task } from "@aws-sdk/client-ecs"
import { type AwsFault, patiently } from "@sockerless/cloud-aws"
import { Effect } from "effect"
import type { EcsScope } from "./types.ts"

const DESCRIBED_AT_ONCE = 100
const STOP_POLL_MILLIS = 250

/** Tasks as ECS sees them now, with their tags, in pages; one that it has forgotten is missing. */
export const describeTasks = Effect.fnUntraced(function* (
  { account, cluster }: EcsScope,
  arns: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyArray<Task>, AwsFault> {
  const tasks: Array<Task> = []
  for (let at = 0; at < arns.length; at += DESCRIBED_AT_ONCE) {
    const page = arns.slice(at, at + DESCRIBED_AT_ONCE)
    const answer = yield* patiently(
      account.ecs("DescribeTasks", (client, sdk, call) =>
        client.send(new sdk.DescribeTasksCommand({ cluster, tasks: page, include: ["TAGS"] }), call)
      )
    )
    tasks.push(...(answer.tasks ?? []))
  }
  return tasks
})

/** The task that was started under this name, running or stopped not long ago. */
export const findTask = Effect.fnUntraced(function* (
  { account, cluster }: EcsScope,
  startedBy: string
): Effect.fn.Return<string | undefined, AwsFault> {
  for (const desiredStatus of ["RUNNING", "STOPPED"] as const) {
    const { taskArns } = yield* patiently(
      account.ecs("ListTasks", (client, sdk, call) =>
        client.send(new sdk.ListTasksCommand({ cluster, startedBy, desiredStatus }), call)
      )
    )
    const [first] = taskArns ?? []
    if (first !== undefined) return first
  }
  return undefined
})

/** Asks ECS to end a task; one that it has forgotten has ended. */
export const stopTask = ({ account, cluster }: EcsScope, task: string, reason: string): Effect.Effect<void, AwsFault> =>
  patiently(
    account.ecs("StopTask", (client, sdk, call) =>
      client.send(new sdk.StopTaskCommand({ cluster, task, reason }), call)
    )
  ).pipe(
    Effect.asVoid,
    Effect.catchIf(
      (fault) => fault.code === "InvalidParameterException" && /not found/.test(fault.reason),
      () => Effect.void
    )
  )

const isOver = (task: Task | undefined): boolean => task === undefined || task.lastStatus === "STOPPED"

/** Ends a task and returns when ECS itself says that it is no more. */
export const endTask = Effect.fnUntraced(function* (
  scope: EcsScope,
  arn: string,
  reason: string
): Effect.fn.Return<void, AwsFault> {
  if (isOver((yield* describeTasks(scope, [arn]))[0])) return
  yield* stopTask(scope, arn, reason)
  while (!isOver((yield* describeTasks(scope, [arn]))[0])) yield* Effect.sleep(STOP_POLL_MILLIS)
})

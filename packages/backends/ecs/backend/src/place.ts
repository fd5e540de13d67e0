import type { Fault } from "@sockerless/faults"
import { patiently } from "@sockerless/cloud-aws"
import type { Place, Resource, ResourceEntry } from "@sockerless/resource-registry"
import { Effect, Option } from "effect"
import type { EcsContext } from "./context.ts"
import { deleteDefinition, describeTasks, findTask, stopTask } from "./ecs-calls.ts"

export const DEFINITION = "ecs.task-definition"
export const TASK = "ecs.task"

/** The newest revision of a family that is only ours; none when there is none. */
export const findDefinition = (
  { options }: EcsContext,
  family: string
): Effect.Effect<Option.Option<Resource>, Fault> =>
  patiently(
    options.account.ecs("DescribeTaskDefinition", (client, sdk, call) =>
      client.send(new sdk.DescribeTaskDefinitionCommand({ taskDefinition: family }), call)
    )
  ).pipe(
    Effect.map(({ taskDefinition }) => Option.fromNullishOr(taskDefinition?.taskDefinitionArn)),
    Effect.map(Option.map((id) => ({ id }))),
    Effect.catchIf(
      (fault) => fault.code === "ClientException",
      () => Effect.succeed(Option.none())
    )
  )

/** Waits until ECS itself says that the task is no more. */
const untilStopped = (context: EcsContext, arn: string): Effect.Effect<void, Fault> =>
  Effect.gen(function* () {
    for (;;) {
      const [task] = yield* describeTasks(context, [arn])
      if (task === undefined || task.lastStatus === "STOPPED") return
      yield* Effect.sleep(context.timing.startPollMillis)
    }
  })

/** Ends a task and returns when it has ended. */
export const endTask = (context: EcsContext, arn: string, reason: string): Effect.Effect<void, Fault> =>
  Effect.gen(function* () {
    const [task] = yield* describeTasks(context, [arn])
    if (task === undefined || task.lastStatus === "STOPPED") return
    yield* stopTask(context, arn, reason)
    yield* untilStopped(context, arn)
  })

/** How the ledger finds and removes what this backend makes. */
export const placeOf = (context: EcsContext): Place => ({
  find: (entry: ResourceEntry) =>
    entry.type === TASK
      ? Effect.map(findTask(context, entry.name), (arn) => Option.map(Option.fromUndefinedOr(arn), (id) => ({ id })))
      : findDefinition(context, entry.name),
  destroy: (entry: ResourceEntry) => {
    const { id } = entry
    if (id === undefined) return Effect.void
    return entry.type === TASK ? endTask(context, id, "removed") : deleteDefinition(context, id)
  }
})

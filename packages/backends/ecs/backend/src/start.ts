import type { Task } from "@aws-sdk/client-ecs"
import type { Handle, Intent, Launch, Started, StartFault } from "@sockerless/backend-contract"
import { AwsFault, patiently } from "@sockerless/cloud-aws"
import type { Fault } from "@sockerless/faults"
import type { Identity } from "@sockerless/resource-registry"
import { describeTasks, findTask, TASK } from "@sockerless/scanner-ecs"
import { Deferred, Effect, Option } from "effect"
import { BACKEND, type EcsContext, type LiveRun } from "./context.ts"
import { heldOf } from "./create.ts"
import { TaskNotStarted } from "./faults.ts"
import { type EcsState, stateOf } from "./handle.ts"
import { placeOf } from "./place.ts"
import { startedOf } from "./started.ts"
import { tagsOf } from "./task-definition.ts"

/** ECS answers "no capacity" with 200 and a failure; the docker CLI ends with 125 for it. */
const REFUSED = 125

const runTask = Effect.fnUntraced(function* (context: EcsContext, state: EcsState, identity: Identity) {
  const { options } = context
  const tags = yield* tagsOf(context, state.id, identity)
  const answer = yield* patiently(
    options.account.ecs("RunTask", (client, sdk, call) =>
      client.send(
        new sdk.RunTaskCommand({
          cluster: options.cluster,
          taskDefinition: state.definitionArn,
          count: 1,
          launchType: "FARGATE",
          clientToken: identity.token,
          startedBy: identity.name,
          tags,
          networkConfiguration: {
            awsvpcConfiguration: {
              subnets: [...options.subnets],
              securityGroups: [...options.securityGroups],
              assignPublicIp: options.assignPublicIp ? "ENABLED" : "DISABLED"
            }
          }
        }),
        call
      )
    )
  ).pipe(
    // The token stands for a task already: ECS names it.
    Effect.catchIf(
      (fault) => fault.code === "ConflictException" && fault.resourceIds.length > 0,
      (fault) => Effect.succeed({ tasks: [{ taskArn: fault.resourceIds[0] }], failures: [] })
    )
  )
  const arn = answer.tasks?.[0]?.taskArn
  if (arn !== undefined) return { id: arn }
  const [failure] = answer.failures ?? []
  return yield* Effect.fail(
    new TaskNotStarted({ reason: failure?.detail ?? failure?.reason ?? "ECS gave no reason", exitCode: REFUSED })
  )
})

/** The exit code with which the docker CLI tells why a process did not begin. */
const exitCodeOf = (reason: string): number => {
  if (/executable file not found|no such file or directory/.test(reason)) return 127
  if (/permission denied|is a directory/.test(reason)) return 126
  return REFUSED
}

const failureOf = (task: Task): TaskNotStarted | undefined => {
  const isFailure =
    task.stopCode === "TaskFailedToStart" || (task.lastStatus === "STOPPED" && task.startedAt === undefined)
  if (!isFailure) return undefined
  const reason = [task.stoppedReason, task.containers?.[0]?.reason].filter((part) => (part ?? "") !== "").join(": ")
  return new TaskNotStarted({ reason, exitCode: exitCodeOf(reason) })
}

/** Waits until the task runs, or has run, or has failed to. */
const untilStarted = (context: EcsContext, arn: string): Effect.Effect<Task, Fault> =>
  Effect.gen(function* () {
    // A new task may be absent from descriptions for seconds.
    for (;;) {
      const [task] = yield* describeTasks(context.scope, [arn])
      if (task !== undefined) {
        const failure = failureOf(task)
        if (failure !== undefined) return yield* Effect.fail(failure)
        if (task.startedAt !== undefined || task.lastStatus === "RUNNING" || task.lastStatus === "STOPPED") return task
      }
      yield* Effect.sleep(context.timing.startPollMillis)
    }
  })

/** Puts a run where its end is looked for and where attached clients wait for it. */
export const follow = (context: EcsContext, state: EcsState, taskArn: string): LiveRun => {
  const live: LiveRun = { run: state.run, taskArn, ended: Deferred.makeUnsafe() }
  context.live.set(state.id, live)
  const waiting = context.awaited.get(state.id)
  context.awaited.delete(state.id)
  for (const tell of waiting ?? []) tell(live)
  return live
}

/** A failure that made nothing: AWS said no, or ECS had no room. */
const isRefusal = (fault: Fault): boolean =>
  fault instanceof TaskNotStarted || (fault instanceof AwsFault && fault.applied === "no")

/** `start`: one task for one intent, whatever is lost on the way. */
export const startTask = Effect.fn("ecs.start")(function* (
  context: EcsContext,
  launch: Launch,
  handle: Handle,
  intent: Intent
): Effect.fn.Return<Started, StartFault> {
  const before = yield* stateOf(handle)
  const run = before.run + 1
  const arn = yield* context.ledger.perform(
    { verb: "start", subject: before.id, backend: BACKEND, rule: "observe", request: intent.id },
    placeOf(context),
    (operation) =>
      Effect.map(
        operation.make(
          { type: TASK, step: `run-${run}` },
          {
            create: (identity) => runTask(context, { ...before, run }, identity),
            find: (identity) =>
              Effect.map(findTask(context.scope, identity.name), (found) =>
                Option.map(Option.fromUndefinedOr(found), (id) => ({ id }))
              ),
            isRefusal
          }
        ),
        ({ id }) => id
      )
  )
  const state: EcsState = { ...before, run, taskArn: arn }
  const task = yield* untilStarted(context, arn).pipe(
    Effect.tapError(() =>
      Effect.flatMap(heldOf(context, before.id, TASK), (held) =>
        Effect.forEach(held, (entry) => context.ledger.dispose(entry.key, placeOf(context)), { discard: true })
      ).pipe(
        Effect.tapError((fault) => Effect.logWarning(`a task that did not start: ${fault.message}`)),
        Effect.ignore
      )
    )
  )
  follow(context, state, arn)
  return startedOf(launch, state, task)
})

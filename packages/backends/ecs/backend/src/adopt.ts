import type { Handle, Launch, Observation } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { DEFINITION, describeTasks, TASK } from "@sockerless/scanner-ecs"
import { Effect } from "effect"
import type { EcsContext } from "./context.ts"
import { heldOf } from "./create.ts"
import { type EcsState, handleOf, stateOf } from "./handle.ts"
import { follow } from "./start.ts"
import { exitOf, startedOf } from "./started.ts"

const RUN = /^run-(\d+)$/

/** The newest run on record: a start may have got to a task and died before its handle was kept. */
const newestRun = Effect.fnUntraced(function* (context: EcsContext, id: string, known: EcsState) {
  const held = yield* heldOf(context, id, TASK)
  let newest = known
  for (const { step, id: taskArn } of held) {
    const run = Number(RUN.exec(step)?.[1] ?? 0)
    if (taskArn !== undefined && run > newest.run) newest = { ...known, run, taskArn }
  }
  return newest
})

/** `adopt`: the truth as ECS tells it; a task that it has forgotten is lost. */
export const adoptTask = Effect.fn("ecs.adopt")(function* (
  context: EcsContext,
  launch: Launch,
  handle: Handle | undefined
): Effect.fn.Return<Observation, Fault> {
  const { id } = launch.spec
  const [definition] = yield* heldOf(context, id, DEFINITION)
  if (definition?.id === undefined) return { _tag: "Absent" }
  const known = handle === undefined ? { id, definitionArn: definition.id, run: 0 } : yield* stateOf(handle)
  const state = yield* newestRun(context, id, known)
  if (state.taskArn === undefined) return { _tag: "Created", handle: handleOf(state) }
  const [task] = yield* describeTasks(context.scope, [state.taskArn])
  if (task === undefined) return { _tag: "Lost", handle: handleOf(state) }
  if (task.lastStatus === "STOPPED") {
    return { _tag: "Exited", handle: handleOf(state), exit: exitOf(id, state.run, task) }
  }
  follow(context, state, state.taskArn)
  return { _tag: "Running", started: startedOf(launch, state, task), paused: false }
})

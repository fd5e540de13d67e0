import { describeTasks, TASK } from "@sockerless/scanner-ecs"
import { Deferred, Effect, Queue } from "effect"
import type { Fault } from "@sockerless/faults"
import type { EcsContext } from "./context.ts"
import { heldOf } from "./create.ts"
import { placeOf } from "./place.ts"
import { exitOf } from "./started.ts"

/** A stopped task costs nothing and is forgotten by ECS; its record ends here. */
const settle = (context: EcsContext, id: string, taskArn: string) =>
  Effect.flatMap(heldOf(context, id, TASK), (held) =>
    Effect.forEach(
      held.filter((entry) => entry.id === taskArn),
      (entry) => context.ledger.dispose(entry.key, placeOf(context)),
      { discard: true }
    )
  ).pipe(
    Effect.tapError((fault: Fault) => Effect.logWarning(`the record of a stopped task: ${fault.message}`)),
    Effect.ignore
  )

const lookOnce = Effect.fnUntraced(function* (context: EcsContext) {
  const runs = [...context.live]
  if (runs.length === 0) return
  const tasks = yield* describeTasks(
    context.scope,
    runs.map(([, { taskArn }]) => taskArn)
  )
  for (const [id, live] of runs) {
    const task = tasks.find(({ taskArn }) => taskArn === live.taskArn)
    if (task?.lastStatus !== "STOPPED" || context.live.get(id) !== live) continue
    context.live.delete(id)
    yield* Deferred.succeed(live.ended, undefined)
    yield* Queue.offer(context.reports, exitOf(id, live.run, task))
    yield* settle(context, id, live.taskArn)
  }
})

/** Asks ECS for the tasks that were last seen running, all in one call, again and again; an outage is told once. */
export const watchExits = (context: EcsContext): Effect.Effect<never> => {
  let isTold = false
  return lookOnce(context).pipe(
    Effect.tap(() => Effect.sync(() => void (isTold = false))),
    Effect.tapError((fault) =>
      Effect.suspend(() => {
        if (isTold) return Effect.void
        isTold = true
        return Effect.logWarning(`looking for ended tasks: ${fault.message}`)
      })
    ),
    Effect.ignore,
    Effect.andThen(Effect.sleep(context.timing.exitPollMillis)),
    Effect.forever
  )
}

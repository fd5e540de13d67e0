import { Effect } from "effect"
import { ecrOperations } from "./ecr/operations.ts"
import { type EcrShelf, openEcr } from "./ecr/shelf.ts"
import { clusterOperations } from "./ecs/clusters.ts"
import { runTaskOperation } from "./ecs/run-task.ts"
import { type EcsShelf, openEcs } from "./ecs/shelf.ts"
import { definitionOperations } from "./ecs/task-definitions.ts"
import { TaskRunner } from "./ecs/task-runner.ts"
import { taskOperations } from "./ecs/tasks.ts"
import { eventOperations } from "./logs/events.ts"
import { groupOperations } from "./logs/groups.ts"
import { liveTailOperation } from "./logs/live-tail.ts"
import { LogStore } from "./logs/store.ts"
import { openShelf, type Shelf } from "./s3/shelf.ts"
import { stsOperations } from "./sts/operations.ts"
import { awsFault } from "./wire/aws-fault.ts"
import type { Service } from "./wire/service.ts"
import type { World } from "./world.ts"

/** Every service of an account: those known by the name in the signature, and those known by their paths. */
export interface Services {
  readonly signed: ReadonlyMap<string, Service>
  readonly s3: Shelf
  readonly ecr: EcrShelf
  readonly ecs: EcsShelf
  /** Goes on with the workloads of the last run. */
  readonly takeUp: Effect.Effect<void>
}

const takeUp = (world: World, ecs: EcsShelf, runner: TaskRunner): Effect.Effect<void> =>
  Effect.gen(function* () {
    const live = ecs.tasks.all().filter((task) => task.lastStatus !== "STOPPED")
    yield* world.host
      .keepOnly({
        containers: new Set(live.flatMap((task) => task.containers.map((container) => container.runtimeId))),
        groups: new Set(live.map((task) => task.id))
      })
      .pipe(Effect.catch((fault) => Effect.logWarning(`what the last run left cannot be cleaned: ${fault.message}`)))
    for (const task of live) yield* runner.begin(task.id)
  })

/** Opens the state of every service. */
export const openServices = Effect.fnUntraced(function* (world: World) {
  const logs = yield* LogStore.open(world)
  const ecr = yield* openEcr(world)
  yield* ecr.files.open
  const ecs = yield* openEcs(world, logs, () => Effect.fail(awsFault("FileSystemNotFound", "no such file system")))
  const runner = new TaskRunner(ecs)
  const signed = new Map<string, Service>([
    [
      "sts",
      { protocol: "query", namespace: "https://sts.amazonaws.com/doc/2011-06-15/", operations: stsOperations(world) }
    ],
    ["ecr", { protocol: "json", version: "1.1", operations: ecrOperations(ecr) }],
    [
      "logs",
      {
        protocol: "json",
        version: "1.1",
        operations: [...groupOperations(logs), ...eventOperations(logs), liveTailOperation(logs)]
      }
    ],
    [
      "ecs",
      {
        protocol: "json",
        version: "1.1",
        operations: [
          ...clusterOperations(ecs),
          ...definitionOperations(ecs),
          runTaskOperation(ecs, runner),
          ...taskOperations(ecs, runner)
        ]
      }
    ]
  ])
  const services: Services = { signed, s3: yield* openShelf(world), ecr, ecs, takeUp: takeUp(world, ecs, runner) }
  return services
})

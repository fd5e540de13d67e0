import { Effect } from "effect"
import { namespaceOperations } from "./cloud-map/namespaces.ts"
import { serviceOperations } from "./cloud-map/services.ts"
import { type MapShelf, openMap, publishNames } from "./cloud-map/shelf.ts"
import { networkOperations } from "./ec2/networks.ts"
import { groupOperations as securityGroupOperations } from "./ec2/security-groups.ts"
import { openEc2 } from "./ec2/shelf.ts"
import { ecrOperations } from "./ecr/operations.ts"
import { type EcrShelf, openEcr } from "./ecr/shelf.ts"
import { clusterOperations } from "./ecs/clusters.ts"
import { runTaskOperation } from "./ecs/run-task.ts"
import { type EcsShelf, openEcs } from "./ecs/shelf.ts"
import { definitionOperations } from "./ecs/task-definitions.ts"
import { TaskRunner } from "./ecs/task-runner.ts"
import { taskOperations } from "./ecs/tasks.ts"
import { efsRoutes } from "./efs/routes.ts"
import { mountFolder, openEfs } from "./efs/shelf.ts"
import { policyOperations } from "./iam/policies.ts"
import { roleOperations } from "./iam/roles.ts"
import { openIam } from "./iam/shelf.ts"
import { makeLambda, type Lambda } from "./lambda/open.ts"
import { openLambda } from "./lambda/shelf.ts"
import { eventOperations } from "./logs/events.ts"
import { groupOperations } from "./logs/groups.ts"
import { liveTailOperation } from "./logs/live-tail.ts"
import { LogStore } from "./logs/store.ts"
import { openShelf, type Shelf } from "./s3/shelf.ts"
import { stsOperations } from "./sts/operations.ts"
import { taggingOperations } from "./tagging/operations.ts"
import type { Operation } from "./wire/operation.ts"
import type { Service } from "./wire/service.ts"
import type { World } from "./world.ts"

/** Every service of an account: those known by the name in the signature, and those known by their paths. */
export interface Services {
  readonly signed: ReadonlyMap<string, Service>
  readonly s3: Shelf
  readonly ecr: EcrShelf
  readonly ecs: EcsShelf
  readonly lambda: Lambda
  /** Goes on with the workloads of the last run. */
  readonly takeUp: Effect.Effect<void>
}

interface Workloads {
  readonly ecs: EcsShelf
  readonly runner: TaskRunner
  readonly map: MapShelf
  readonly lambda: Lambda
}

const takeUp = (world: World, { ecs, runner, map, lambda }: Workloads): Effect.Effect<void> =>
  Effect.gen(function* () {
    const sandboxes = lambda.sandboxes.known()
    const live = ecs.tasks.all().filter((task) => task.lastStatus !== "STOPPED")
    yield* world.host
      .keepOnly({
        containers: new Set([
          ...live.flatMap((task) => task.containers.map((container) => container.runtimeId)),
          ...sandboxes.map((sandbox) => sandbox.runtimeId)
        ]),
        groups: new Set([...live.map((task) => task.id), ...sandboxes.map((sandbox) => sandbox.id)])
      })
      .pipe(Effect.catch((fault) => Effect.logWarning(`what the last run left cannot be cleaned: ${fault.message}`)))
    yield* publishNames(map)
    yield* lambda.takeUp
    for (const task of live) yield* runner.begin(task.id)
  })

const ecsService = (ecs: EcsShelf, runner: TaskRunner): Service => ({
  protocol: "json",
  version: "1.1",
  operations: [
    ...clusterOperations(ecs),
    ...definitionOperations(ecs),
    runTaskOperation(ecs, runner),
    ...taskOperations(ecs, runner)
  ]
})

const logsService = (logs: LogStore): Service => ({
  protocol: "json",
  version: "1.1",
  operations: [...groupOperations(logs), ...eventOperations(logs), liveTailOperation(logs)]
})

const QUERY_NAMESPACES = {
  iam: "https://iam.amazonaws.com/doc/2010-05-08/",
  sts: "https://sts.amazonaws.com/doc/2011-06-15/",
  ec2: "http://ec2.amazonaws.com/doc/2016-11-15/"
}

/** Opens the state of every service. */
export const openServices = Effect.fnUntraced(function* (world: World) {
  const logs = yield* LogStore.open(world)
  const ecr = yield* openEcr(world)
  yield* ecr.files.open
  const efs = yield* openEfs(world)
  const iam = yield* openIam(world)
  const map = yield* openMap(world)
  const ecs = yield* openEcs(world, logs, (volume) =>
    mountFolder(efs, {
      fileSystem: volume.fileSystemId,
      path: volume.rootDirectory ?? "/",
      accessPoint: volume.authorizationConfig?.accessPointId
    })
  )
  const ec2 = yield* openEc2(world, () => ecs.tasks.all())
  const runner = new TaskRunner(ecs)
  const lambda = makeLambda(yield* openLambda(world, { logs, ecr, efs }))
  const json = (operations: ReadonlyArray<Operation>): Service => ({ protocol: "json", version: "1.1", operations })
  const signed = new Map<string, Service>([
    ["sts", { protocol: "query", namespace: QUERY_NAMESPACES.sts, operations: stsOperations(world) }],
    [
      "iam",
      {
        protocol: "query",
        namespace: QUERY_NAMESPACES.iam,
        operations: [...roleOperations(iam), ...policyOperations(iam)]
      }
    ],
    ["ecr", json(ecrOperations(ecr))],
    ["logs", logsService(logs)],
    ["ecs", ecsService(ecs, runner)],
    ["tagging", json(taggingOperations(world))],
    ["servicediscovery", json([...namespaceOperations(map), ...serviceOperations(map)])],
    ["lambda", { protocol: "rest-json", routes: lambda.routes }],
    ["elasticfilesystem", { protocol: "rest-json", routes: efsRoutes(efs) }],
    [
      "ec2",
      {
        protocol: "ec2",
        namespace: QUERY_NAMESPACES.ec2,
        operations: [...networkOperations(ec2), ...securityGroupOperations(ec2)]
      }
    ]
  ])
  const services: Services = {
    signed,
    s3: yield* openShelf(world),
    ecr,
    ecs,
    lambda,
    takeUp: takeUp(world, { ecs, runner, map, lambda })
  }
  return services
})

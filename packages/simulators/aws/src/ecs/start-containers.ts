import type { ImageRecord } from "@sockerless/images"
import type { MountRequest } from "@sockerless/oci-runtime"
import type { WorkloadExit, WorkloadFailed } from "@sockerless/simulator-kit"
import { Deferred, Effect, Schema } from "effect"
import { followContainer } from "../logs/follow-container.ts"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { memoryBytesOf } from "./fargate-sizes.ts"
import { TaskFailed } from "./pull-images.ts"
import { ContainerDefinition, revisionKey, type TaskContainer, type TaskRecord, TaskVolume } from "./records.ts"
import type { EcsShelf } from "./shelf.ts"
import { endOf } from "./container-end.ts"
import type { TaskRunner } from "./task-runner.ts"

/** Waits for the end of each started container, by name. */
export type StartedContainers = ReadonlyMap<string, Effect.Effect<WorkloadExit>>

const Parts = Schema.Struct({
  containerDefinitions: Schema.Array(ContainerDefinition),
  volumes: Schema.optionalKey(Schema.Array(TaskVolume))
})
const Overrides = Schema.Struct({
  containerOverrides: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        name: Schema.optionalKey(Schema.String),
        command: Schema.optionalKey(Schema.Array(Schema.String)),
        environment: Schema.optionalKey(Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String }))),
        memory: Schema.optionalKey(Schema.Number)
      })
    )
  )
})
const decodeParts = Schema.decodeUnknownEffect(Parts)
const decodeOverrides = Schema.decodeUnknownEffect(Overrides)

interface Plan {
  readonly task: TaskRecord
  readonly parts: typeof Parts.Type
  readonly overrides: NonNullable<(typeof Overrides.Type)["containerOverrides"]>
  readonly images: ReadonlyMap<string, ImageRecord>
}

interface Stream {
  readonly group: string
  readonly stream: string
}

/** The log stream a container writes to; a group that is missing is made only when the definition says so. */
const streamOf = (
  shelf: EcsShelf,
  task: TaskRecord,
  definition: ContainerDefinition
): Effect.Effect<Stream | undefined, TaskFailed> =>
  Effect.gen(function* () {
    const { logDriver, options = {} } = definition.logConfiguration ?? { logDriver: "none" }
    const group = options["awslogs-group"]
    if (logDriver !== "awslogs" || group === undefined) return undefined
    if (!shelf.logs.groups.has(group)) {
      if (options["awslogs-create-group"] !== "true")
        return yield* new TaskFailed({
          text: "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"
        })
      shelf.logs.createGroup(group)
    }
    const prefix = options["awslogs-stream-prefix"]
    return { group, stream: prefix === undefined ? definition.name : `${prefix}/${definition.name}/${task.id}` }
  })

const taskVolume = (shelf: EcsShelf, task: TaskRecord, volume: TaskVolume): Effect.Effect<string, TaskFailed> =>
  volume.efsVolumeConfiguration === undefined
    ? Effect.promise(async () => {
        // A volume without a configuration lives and dies with its task.
        const folder = join(shelf.world.dataRoot, "task-volumes", task.id, volume.name)
        await mkdir(folder, { recursive: true, mode: 0o777 })
        return folder
      })
    : shelf.volumeFolder(volume.efsVolumeConfiguration).pipe(
        Effect.mapError(
          (fault) =>
            new TaskFailed({
              text: `ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: ${fault.message}`
            })
        )
      )

const mountsOf = (shelf: EcsShelf, plan: Plan, definition: ContainerDefinition) =>
  Effect.forEach(definition.mountPoints ?? [], (point) =>
    Effect.gen(function* () {
      const volume = plan.parts.volumes?.find((candidate) => candidate.name === point.sourceVolume)
      if (volume === undefined)
        return yield* new TaskFailed({ text: `the volume ${point.sourceVolume} is not in the task definition` })
      const mount: MountRequest = {
        type: "bind",
        source: yield* taskVolume(shelf, plan.task, volume),
        destination: point.containerPath,
        readOnly: point.readOnly ?? false,
        recursive: true,
        propagation: "rprivate"
      }
      return mount
    })
  )

const environmentOf = (shelf: EcsShelf, plan: Plan, definition: ContainerDefinition, container: TaskContainer) => {
  const { world } = shelf
  const override = plan.overrides.find((candidate) => candidate.name === definition.name)
  const given = [...(definition.environment ?? []), ...(override?.environment ?? [])]
  return {
    AWS_EXECUTION_ENV: "AWS_ECS_FARGATE",
    AWS_REGION: world.region,
    AWS_DEFAULT_REGION: world.region,
    ECS_CONTAINER_METADATA_URI_V4: `http://${world.gateway() ?? ""}/v4/${container.runtimeId}`,
    AWS_ENDPOINT_URL: `http://${world.gateway() ?? ""}`,
    ...Object.fromEntries(given.map(({ name, value }) => [name, value]))
  }
}

const requestOf = (
  shelf: EcsShelf,
  plan: Plan,
  definition: ContainerDefinition,
  container: TaskContainer,
  image: ImageRecord
) =>
  Effect.map(mountsOf(shelf, plan, definition), (mounts) => {
    const override = plan.overrides.find((candidate) => candidate.name === definition.name)
    const megabytes = override?.memory ?? definition.memory
    const memoryBytes = megabytes === undefined ? memoryBytesOf(plan.task.memory) : megabytes * 1024 * 1024
    return {
      id: container.runtimeId,
      group: plan.task.id,
      image,
      entrypoint: definition.entryPoint,
      command: override?.command ?? definition.command,
      env: environmentOf(shelf, plan, definition, container),
      workingDir: definition.workingDirectory,
      user: definition.user,
      hostname: `ip-${(plan.task.ip ?? "").replaceAll(".", "-")}.ec2.internal`,
      mounts,
      readOnlyRoot: definition.readonlyRootFilesystem ?? false,
      resources: memoryBytes === undefined ? {} : { memoryBytes },
      capAdd: definition.linuxParameters?.capabilities?.add ?? [],
      capDrop: definition.linuxParameters?.capabilities?.drop ?? [],
      init: definition.linuxParameters?.initProcessEnabled ?? false,
      tty: definition.pseudoTerminal ?? false,
      ulimits: (definition.ulimits ?? []).map((limit) => ({
        name: limit.name,
        soft: limit.softLimit,
        hard: limit.hardLimit
      }))
    }
  })

/** Waits until what a container depends on is as it must be. */
const dependencies = (definition: ContainerDefinition, started: StartedContainers): Effect.Effect<void, TaskFailed> =>
  Effect.forEach(
    definition.dependsOn ?? [],
    ({ containerName, condition }) =>
      Effect.gen(function* () {
        if (condition === "START" || condition === "HEALTHY") return
        const end = yield* started.get(containerName) ?? Effect.never
        if (condition === "SUCCESS" && end.exitCode !== 0)
          return yield* new TaskFailed({
            text: `the container ${containerName}, which ${definition.name} depends on, failed`
          })
      }),
    { discard: true }
  )

/** Definitions so that each comes after what it depends on. */
const inOrder = (definitions: ReadonlyArray<ContainerDefinition>): ReadonlyArray<ContainerDefinition> => {
  const ordered: Array<ContainerDefinition> = []
  const visit = (definition: ContainerDefinition, path: ReadonlyArray<string>): void => {
    if (ordered.includes(definition) || path.includes(definition.name)) return
    for (const { containerName } of definition.dependsOn ?? []) {
      const needed = definitions.find((candidate) => candidate.name === containerName)
      if (needed !== undefined) visit(needed, [...path, definition.name])
    }
    ordered.push(definition)
  }
  for (const definition of definitions) visit(definition, [])
  return ordered
}

const watch = (
  shelf: EcsShelf,
  runner: TaskRunner,
  task: TaskRecord,
  container: TaskContainer,
  stream: Stream | undefined
) =>
  Effect.gen(function* () {
    const { host } = shelf.world
    const ended = yield* Deferred.make<WorkloadExit>()
    yield* shelf.world.fork(
      Effect.gen(function* () {
        const end = yield* host.exit(container.runtimeId)
        runner.changeContainer(task.id, container.name, endOf(end))
        yield* runner.settled
        yield* Deferred.succeed(ended, end)
      })
    )
    const drain = runner.drainOf(container.runtimeId)
    const follow =
      stream === undefined ? Effect.void : followContainer(shelf.logs, host, { id: container.runtimeId, ...stream })
    yield* shelf.world.fork(Effect.ensuring(follow, Deferred.succeed(drain, undefined)))
    return Deferred.await(ended)
  })

const startOne = (
  shelf: EcsShelf,
  runner: TaskRunner,
  plan: Plan,
  definition: ContainerDefinition
): Effect.Effect<Effect.Effect<WorkloadExit>, TaskFailed | WorkloadFailed> =>
  Effect.gen(function* () {
    const { host } = shelf.world
    const container = plan.task.containers.find((candidate) => candidate.name === definition.name)
    const image = plan.images.get(definition.name)
    if (container === undefined) return yield* new TaskFailed({ text: `there is no container ${definition.name}` })
    const stream = yield* streamOf(shelf, plan.task, definition)
    if (container.lastStatus === "PENDING" && (yield* host.settle(container.runtimeId)) === "Gone") {
      if (image === undefined) return Effect.never
      yield* host.remove(container.runtimeId)
      yield* host.start(yield* requestOf(shelf, plan, definition, container, image)).pipe(
        Effect.tapError((fault) =>
          Effect.sync(() =>
            runner.changeContainer(plan.task.id, definition.name, {
              reason: `CannotStartContainerError: ${fault.message}`
            })
          )
        )
      )
    }
    if (container.lastStatus === "PENDING")
      runner.changeContainer(plan.task.id, definition.name, { lastStatus: "RUNNING" })
    return yield* watch(shelf, runner, plan.task, container, stream)
  })

/** Starts a task's containers in the order of their dependencies; what runs or ran already is taken up as it is. */
export const startContainers = (
  shelf: EcsShelf,
  runner: TaskRunner,
  task: TaskRecord,
  images: ReadonlyMap<string, ImageRecord>
): Effect.Effect<StartedContainers, TaskFailed | WorkloadFailed> =>
  Effect.gen(function* () {
    const definition = shelf.definitions.get(revisionKey(task.family, task.revision))?.definition
    const parts = yield* Effect.orDie(decodeParts(definition))
    const { containerOverrides = [] } = yield* Effect.orDie(decodeOverrides(task.overrides))
    const plan: Plan = { task, parts, overrides: containerOverrides, images }
    const started = new Map<string, Effect.Effect<WorkloadExit>>()
    for (const next of inOrder(parts.containerDefinitions)) {
      yield* dependencies(next, started)
      started.set(next.name, yield* startOne(shelf, runner, plan, next))
    }
    return started
  })

import { Effect, Schema } from "effect"
import { createHash, randomBytes, randomUUID } from "node:crypto"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { type Call, operation } from "../wire/operation.ts"
import { addTags, tagsOf } from "../world.ts"
import { ContainerDefinition, type TaskContainer, type TaskDefinitionRecord, type TaskRecord } from "./records.ts"
import { clusterOf, definitionArn, type EcsShelf, findDefinition, forgetOldTasks, taskArn } from "./shelf.ts"
import { shownTask } from "./shown-task.ts"
import { mapOfTags, TagList } from "./tag-list.ts"
import type { TaskRunner } from "./task-runner.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))
const JsonObject = Schema.Record(Schema.String, Schema.Json)

const RunTaskInput = Schema.Struct({
  cluster: text,
  taskDefinition: Schema.String,
  count: Schema.optionalKey(Schema.Number),
  clientToken: text,
  startedBy: text,
  group: text,
  launchType: text,
  enableExecuteCommand: Schema.optionalKey(Schema.Boolean),
  propagateTags: text,
  tags: Schema.optionalKey(TagList),
  overrides: Schema.optionalKey(JsonObject),
  networkConfiguration: Schema.optionalKey(
    Schema.Struct({
      awsvpcConfiguration: Schema.optionalKey(
        Schema.Struct({ subnets: Schema.Array(Schema.String), securityGroups: texts, assignPublicIp: text })
      )
    })
  )
})
type RunTaskInput = typeof RunTaskInput.Type

const TOKEN_MILLIS = 24 * 3600 * 1000
const TASKS_AT_ONCE = 10
const OVERRIDES_LIMIT = 8192
const decodeContainers = Schema.decodeUnknownEffect(Schema.Array(ContainerDefinition))

const invalid = (words: string): AwsFault => awsFault("InvalidParameterException", words)

const refusalOf = (input: RunTaskInput): string | undefined => {
  const count = input.count ?? 1
  const network = input.networkConfiguration?.awsvpcConfiguration
  if (count < 1 || count > TASKS_AT_ONCE) return "count cannot be greater than 10."
  if (!/^[\x21-\x7e]{0,64}$/.test(input.clientToken ?? "")) return "clientToken must be up to 64 ASCII characters."
  if (!/^[A-Za-z0-9/_-]{0,128}$/.test(input.startedBy ?? "")) return "startedBy contains invalid characters."
  if (network === undefined || network.subnets.length === 0)
    return "Network Configuration must be provided when networkMode 'awsvpc' is specified."
  return JSON.stringify(input.overrides ?? {}).length > OVERRIDES_LIMIT
    ? "Container Overrides length must be at most 8192"
    : undefined
}

const containersOf = (definition: TaskDefinitionRecord, taskId: string) =>
  Effect.map(
    Effect.orDie(decodeContainers(definition.definition["containerDefinitions"])),
    (containers): ReadonlyArray<TaskContainer> =>
      containers.map((container) => ({
        name: container.name,
        runtimeId: createHash("sha256").update(`${taskId}\n${container.name}`).digest("hex"),
        arnId: randomUUID(),
        image: container.image,
        essential: container.essential ?? true,
        lastStatus: "PENDING"
      }))
  )

const textOf = (value: Schema.Json | undefined): string | undefined => (typeof value === "string" ? value : undefined)

const optional = <K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } => {
  const none: { readonly [P in K]?: string } = {}
  return value === undefined ? none : Object.assign(none, { [key]: value })
}

const newTask = (shelf: EcsShelf, cluster: string, definition: TaskDefinitionRecord, input: RunTaskInput) =>
  Effect.gen(function* () {
    const id = randomBytes(16).toString("hex")
    const network = input.networkConfiguration?.awsvpcConfiguration
    const task: TaskRecord = {
      id,
      cluster,
      family: definition.family,
      revision: definition.revision,
      lastStatus: "PROVISIONING",
      desiredStatus: "RUNNING",
      version: 1,
      group: input.group ?? `family:${definition.family}`,
      ...optional("startedBy", input.startedBy),
      launchType: input.launchType ?? "FARGATE",
      ...optional("cpu", textOf(definition.definition["cpu"])),
      ...optional("memory", textOf(definition.definition["memory"])),
      enableExecuteCommand: input.enableExecuteCommand ?? false,
      overrides: { containerOverrides: [], inferenceAcceleratorOverrides: [], ...input.overrides },
      subnet: network?.subnets[0] ?? "",
      securityGroups: network?.securityGroups ?? [],
      createdAt: shelf.world.simulation.clock.now(),
      attachmentId: randomUUID(),
      attachmentStatus: "PRECREATED",
      eniId: `eni-${randomBytes(8).toString("hex")}${"0"}`,
      containers: yield* containersOf(definition, id)
    }
    shelf.tasks.put(id, task)
    const tags = {
      ...(input.propagateTags === "TASK_DEFINITION" ? tagsOf(shelf.world, definitionArn(shelf.world, definition)) : {}),
      ...mapOfTags(input.tags)
    }
    addTags(shelf.world, taskArn(shelf.world, task), tags)
    return task
  })

/** The tasks that a token made before; a token with other parameters is refused and names them. */
const madeBefore = (
  shelf: EcsShelf,
  key: string,
  hash: string
): Effect.Effect<ReadonlyArray<TaskRecord> | undefined, AwsFault> => {
  const token = shelf.tokens.get(key)
  if (token === undefined || shelf.world.simulation.clock.now() - token.madeAt > TOKEN_MILLIS)
    return Effect.succeed(undefined)
  const tasks = token.tasks.flatMap((id) => shelf.tasks.get(id) ?? [])
  if (token.hash === hash) return Effect.succeed(tasks)
  return Effect.fail(
    awsFault(
      "ConflictException",
      "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a different RunTask request.",
      { details: { resourceIds: tasks.map((task) => taskArn(shelf.world, task)) } }
    )
  )
}

const runTask = (shelf: EcsShelf, runner: TaskRunner, input: RunTaskInput, call: Call) =>
  Effect.gen(function* () {
    const cluster = yield* clusterOf(shelf, input.cluster)
    const definition = findDefinition(shelf, input.taskDefinition)
    if (definition === undefined) return yield* awsFault("ClientException", "TaskDefinition not found.")
    if (definition.status !== "ACTIVE") return yield* awsFault("ClientException", "TaskDefinition is inactive")
    const refusal = refusalOf(input)
    if (refusal !== undefined) return yield* invalid(refusal)
    const { clientToken, ...parameters } = input
    const key = clientToken === undefined ? undefined : `${cluster.name} ${clientToken}`
    const hash = createHash("sha256").update(JSON.stringify(parameters)).digest("hex")
    const before = key === undefined ? undefined : yield* madeBefore(shelf, key, hash)
    if (before !== undefined) return { tasks: before.map((task) => shownTask(shelf, task, true)), failures: [] }
    if (call.view.noCapacity)
      return {
        tasks: [],
        failures: [
          {
            reason: "Capacity is unavailable at this time. Please try again later or in a different availability zone"
          }
        ]
      }
    forgetOldTasks(shelf)
    const tasks: Array<TaskRecord> = []
    for (let made = 0; made < (input.count ?? 1); made++)
      tasks.push(yield* newTask(shelf, cluster.name, definition, input))
    if (key !== undefined)
      shelf.tokens.put(key, {
        hash,
        tasks: tasks.map((task) => task.id),
        madeAt: shelf.world.simulation.clock.now()
      })
    const shown = tasks.map((task) => shownTask(shelf, task, true))
    for (const task of tasks) yield* runner.begin(task.id)
    return { tasks: shown, failures: [] }
  })

/** `RunTask`. */
export const runTaskOperation = (shelf: EcsShelf, runner: TaskRunner) =>
  operation("RunTask", RunTaskInput, (input, call) => runTask(shelf, runner, input, call))

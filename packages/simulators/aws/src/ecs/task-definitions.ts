import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import { fargateRefusal } from "./fargate-sizes.ts"
import { ContainerDefinition, revisionKey, type TaskDefinitionRecord, TaskVolume } from "./records.ts"
import { definitionArn, type EcsShelf, findDefinition } from "./shelf.ts"
import { mapOfTags, TagList, tagListOf } from "./tag-list.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))
const JsonObject = Schema.Record(Schema.String, Schema.Json)

const containerDefaults = {
  cpu: 0,
  portMappings: [],
  essential: true,
  environment: [],
  mountPoints: [],
  volumesFrom: [],
  systemControls: []
}

/** A task definition as the API shows it. */
const shownDefinition = (shelf: EcsShelf, record: TaskDefinitionRecord) => {
  const { containerDefinitions, ...rest } = record.definition
  const containers = Array.isArray(containerDefinitions) ? containerDefinitions : []
  return {
    volumes: [],
    placementConstraints: [],
    ...rest,
    taskDefinitionArn: definitionArn(shelf.world, record),
    revision: record.revision,
    status: record.status,
    requiresAttributes: [],
    compatibilities: ["EC2", "FARGATE"],
    registeredAt: record.registeredAt / 1000,
    registeredBy: record.registeredBy,
    ...(record.deregisteredAt === undefined ? {} : { deregisteredAt: record.deregisteredAt / 1000 }),
    containerDefinitions: containers.map((container: Schema.Json) =>
      typeof container === "object" && container !== null ? Object.assign({}, containerDefaults, container) : container
    )
  }
}

const RegisterInput = Schema.Struct({
  family: Schema.String,
  containerDefinitions: Schema.Array(ContainerDefinition),
  volumes: Schema.optionalKey(Schema.Array(TaskVolume)),
  cpu: text,
  memory: text,
  networkMode: text,
  requiresCompatibilities: texts,
  tags: Schema.optionalKey(TagList)
})
const decodeRegister = Schema.decodeUnknownResult(RegisterInput)

const client = (words: string): AwsFault => awsFault("ClientException", words)

const refusalOf = (input: typeof RegisterInput.Type): string | undefined => {
  const names = input.containerDefinitions.map((container) => container.name)
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(input.family)) return "Family contains invalid characters."
  if (names.length === 0) return "Container list cannot be empty."
  if (new Set(names).size < names.length) return "Container names must be unique."
  if (input.containerDefinitions.every((container) => container.essential === false))
    return "At least one container must be essential."
  if (input.containerDefinitions.some((container) => container.image === ""))
    return "Container.image should not be null or empty."
  return input.requiresCompatibilities?.includes("FARGATE") === true
    ? fargateRefusal(input.cpu, input.memory, input.networkMode)
    : undefined
}

const DEFINITION_LIMIT = 64 * 1024

const register = (shelf: EcsShelf) =>
  operation("RegisterTaskDefinition", JsonObject, (raw, call) =>
    Effect.gen(function* () {
      const decoded = decodeRegister(raw)
      if (decoded._tag === "Failure") return yield* client(decoded.failure.message.slice(0, 300))
      const input = decoded.success
      const refusal = refusalOf(input)
      if (refusal !== undefined) return yield* client(refusal)
      const { tags: _, ...definition } = raw
      if (JSON.stringify(definition).length > DEFINITION_LIMIT)
        return yield* client("Actual length: the task definition exceeds the maximum of 64 KiB.")
      const revision = (shelf.families.get(input.family)?.lastRevision ?? 0) + 1
      shelf.families.put(input.family, { family: input.family, lastRevision: revision })
      const record = shelf.definitions.put(revisionKey(input.family, revision), {
        family: input.family,
        revision,
        status: "ACTIVE",
        registeredAt: shelf.world.simulation.clock.now(),
        registeredBy: call.caller.arn,
        definition
      })
      const tags = mapOfTags(input.tags)
      addTags(shelf.world, definitionArn(shelf.world, record), tags)
      return { taskDefinition: shownDefinition(shelf, record), tags: tagListOf(tags) }
    })
  )

const definitionOf = (shelf: EcsShelf, name: string, asOf?: number): Effect.Effect<TaskDefinitionRecord, AwsFault> => {
  const found = findDefinition(shelf, name, asOf)
  return found === undefined ? Effect.fail(client("Unable to describe task definition.")) : Effect.succeed(found)
}

const deregister = (shelf: EcsShelf) =>
  operation("DeregisterTaskDefinition", Schema.Struct({ taskDefinition: Schema.String }), (input) =>
    Effect.gen(function* () {
      const found = yield* definitionOf(shelf, input.taskDefinition)
      const record = shelf.definitions.put(revisionKey(found.family, found.revision), {
        ...found,
        status: "INACTIVE",
        deregisteredAt: found.deregisteredAt ?? shelf.world.simulation.clock.now()
      })
      return { taskDefinition: shownDefinition(shelf, record) }
    })
  )

const isInUse = (shelf: EcsShelf, definition: TaskDefinitionRecord): boolean =>
  shelf.tasks
    .all()
    .some(
      (task) =>
        task.family === definition.family && task.revision === definition.revision && task.lastStatus !== "STOPPED"
    )

const DELETED_AT_ONCE = 10

const deleteMany = (shelf: EcsShelf) =>
  operation("DeleteTaskDefinitions", Schema.Struct({ taskDefinitions: Schema.Array(Schema.String) }), (input) =>
    Effect.gen(function* () {
      if (input.taskDefinitions.length > DELETED_AT_ONCE)
        return yield* awsFault("InvalidParameterException", "Task definitions must be at most 10.")
      const [deleted, failures]: [Array<object>, Array<object>] = [[], []]
      for (const name of input.taskDefinitions) {
        const found = findDefinition(shelf, name)
        if (found === undefined || found.status === "ACTIVE") {
          const arn = found === undefined ? name : definitionArn(shelf.world, found)
          const reason = found === undefined ? "MISSING" : "TASK_DEFINITION_ACTIVE"
          failures.push({ arn, reason, detail: `the task definition cannot be deleted` })
          continue
        }
        const going: TaskDefinitionRecord = { ...found, status: "DELETE_IN_PROGRESS" }
        // It stays until no task needs it.
        if (isInUse(shelf, found)) shelf.definitions.put(revisionKey(found.family, found.revision), going)
        else shelf.definitions.delete(revisionKey(found.family, found.revision))
        dropTags(shelf.world, definitionArn(shelf.world, found))
        deleted.push(shownDefinition(shelf, going))
      }
      return { taskDefinitions: deleted, failures }
    })
  )

const list = (shelf: EcsShelf) =>
  operation(
    "ListTaskDefinitions",
    Schema.Struct({
      familyPrefix: text,
      status: text,
      sort: text,
      nextToken: text,
      maxResults: Schema.optionalKey(Schema.Number)
    }),
    (input, call) =>
      Effect.gen(function* () {
        const wanted = shelf.definitions
          .all(call.view.asOf)
          .filter(
            (definition) =>
              (input.familyPrefix === undefined || definition.family === input.familyPrefix) &&
              definition.status === (input.status ?? "ACTIVE")
          )
        const page = pageOf(
          wanted,
          (definition) => revisionKey(definition.family, definition.revision),
          { limit: input.maxResults ?? 100, token: input.nextToken },
          call.view
        )
        if (page === undefined) return yield* awsFault("InvalidParameterException", "Invalid token.")
        const arns = page.items.map((definition) => definitionArn(shelf.world, definition))
        return {
          taskDefinitionArns: input.sort === "DESC" ? arns.toReversed() : arns,
          ...(page.next === undefined ? {} : { nextToken: page.next })
        }
      })
  )

const listFamilies = (shelf: EcsShelf) =>
  operation(
    "ListTaskDefinitionFamilies",
    Schema.Struct({ familyPrefix: text, status: text, nextToken: text, maxResults: Schema.optionalKey(Schema.Number) }),
    (input, call) =>
      Effect.gen(function* () {
        const status = input.status ?? "ALL"
        const families = new Set(
          shelf.definitions
            .all(call.view.asOf)
            .filter(
              (one) => one.family.startsWith(input.familyPrefix ?? "") && (status === "ALL" || one.status === status)
            )
            .map((one) => one.family)
        )
        const page = pageOf(
          [...families],
          (family) => family,
          { limit: input.maxResults ?? 100, token: input.nextToken },
          call.view
        )
        if (page === undefined) return yield* awsFault("InvalidParameterException", "Invalid token.")
        return { families: page.items, ...(page.next === undefined ? {} : { nextToken: page.next }) }
      })
  )

/** Task definitions. */
export const definitionOperations = (shelf: EcsShelf) => [
  register(shelf),
  deregister(shelf),
  deleteMany(shelf),
  list(shelf),
  listFamilies(shelf),
  operation("DescribeTaskDefinition", Schema.Struct({ taskDefinition: Schema.String, include: texts }), (input, call) =>
    Effect.map(definitionOf(shelf, input.taskDefinition, call.view.asOf), (record) => ({
      taskDefinition: shownDefinition(shelf, record),
      ...(input.include?.includes("TAGS") === true
        ? { tags: tagListOf(tagsOf(shelf.world, definitionArn(shelf.world, record), call.view.asOf)) }
        : {})
    }))
  )
]

import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import {
  clusterArn,
  clusterName,
  clusterOf,
  definitionArn,
  type EcsShelf,
  findDefinition,
  findTask,
  knownTasks,
  taskArn
} from "./shelf.ts"
import { shownTask } from "./shown-task.ts"
import { mapOfTags, TagList, tagListOf } from "./tag-list.ts"
import type { TaskRunner } from "./task-runner.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))
const DESCRIBED_AT_ONCE = 100

const describe = (shelf: EcsShelf) =>
  operation(
    "DescribeTasks",
    Schema.Struct({ cluster: text, tasks: Schema.Array(Schema.String), include: texts }),
    (input, call) =>
      Effect.gen(function* () {
        const cluster = yield* clusterOf(shelf, input.cluster)
        if (input.tasks.length > DESCRIBED_AT_ONCE)
          return yield* awsFault("InvalidParameterException", "Tasks cannot be more than 100.")
        const withTags = input.include?.includes("TAGS") ?? false
        const found = input.tasks.map((name) => ({ name, task: findTask(shelf, cluster.name, name, call.view.asOf) }))
        return {
          tasks: found.flatMap(({ task }) =>
            task === undefined ? [] : [shownTask(shelf, task, withTags, call.view.asOf)]
          ),
          failures: found.flatMap(({ name, task }) => {
            const arn = name.startsWith("arn:") ? name : taskArn(shelf.world, { cluster: cluster.name, id: name })
            return task === undefined ? [{ arn, reason: "MISSING" }] : []
          })
        }
      })
  )

const list = (shelf: EcsShelf) =>
  operation(
    "ListTasks",
    Schema.Struct({
      cluster: text,
      family: text,
      startedBy: text,
      desiredStatus: text,
      launchType: text,
      nextToken: text,
      maxResults: Schema.optionalKey(Schema.Number)
    }),
    (input, call) =>
      Effect.gen(function* () {
        const cluster = yield* clusterOf(shelf, input.cluster)
        const wanted = knownTasks(shelf, call.view.asOf).filter(
          (task) =>
            task.cluster === cluster.name &&
            task.desiredStatus === (input.desiredStatus ?? "RUNNING") &&
            (input.family === undefined || task.family === input.family) &&
            (input.startedBy === undefined || task.startedBy === input.startedBy)
        )
        const page = pageOf(
          wanted,
          (task) => `${String(task.createdAt).padStart(15, "0")} ${task.id}`,
          { limit: Math.min(100, input.maxResults ?? 100), token: input.nextToken },
          call.view
        )
        if (page === undefined) return yield* awsFault("InvalidParameterException", "Invalid token.")
        return {
          taskArns: page.items.map((task) => taskArn(shelf.world, task)),
          ...(page.next === undefined ? {} : { nextToken: page.next })
        }
      })
  )

const stop = (shelf: EcsShelf, runner: TaskRunner) =>
  operation("StopTask", Schema.Struct({ cluster: text, task: Schema.String, reason: text }), (input) =>
    Effect.gen(function* () {
      const cluster = yield* clusterOf(shelf, input.cluster)
      const task = findTask(shelf, cluster.name, input.task)
      if (task === undefined) return yield* awsFault("InvalidParameterException", "The referenced task was not found.")
      const stopped = yield* runner.stop(task.id, input.reason ?? "Task stopped by user")
      // AWS: "Any tags associated with the task will be deleted".
      dropTags(shelf.world, taskArn(shelf.world, task))
      return { task: shownTask(shelf, stopped, true) }
    })
  )

/** What an ARN of ECS stands for, if it can carry tags now. */
const taggable = (shelf: EcsShelf, arn: string): Effect.Effect<string, AwsFault> => {
  const [, kind = "", rest = ""] = /:ecs:[^:]*:[^:]*:([a-z-]+)\/(.+)$/.exec(arn) ?? []
  if (kind === "task") {
    const [cluster = "", id = ""] = rest.split("/")
    const task = findTask(shelf, cluster, id)
    return task === undefined || task.lastStatus === "STOPPED"
      ? Effect.fail(
          awsFault("InvalidParameterException", "The specified task is stopped. Specify a running task and try again.")
        )
      : Effect.succeed(arn)
  }
  const definition = kind === "task-definition" ? findDefinition(shelf, rest) : undefined
  if (definition !== undefined) return Effect.succeed(definitionArn(shelf.world, definition))
  if (kind === "cluster" && shelf.clusters.has(clusterName(rest)))
    return Effect.succeed(clusterArn(shelf.world, clusterName(rest)))
  return Effect.fail(awsFault("InvalidParameterException", `The specified ${kind} was not found.`))
}

const tagOperations = (shelf: EcsShelf) => [
  operation("TagResource", Schema.Struct({ resourceArn: Schema.String, tags: TagList }), (input) =>
    Effect.map(taggable(shelf, input.resourceArn), (arn) => {
      addTags(shelf.world, arn, mapOfTags(input.tags))
      return {}
    })
  ),
  operation(
    "UntagResource",
    Schema.Struct({ resourceArn: Schema.String, tagKeys: Schema.Array(Schema.String) }),
    (input) =>
      Effect.map(taggable(shelf, input.resourceArn), (arn) => {
        dropTags(shelf.world, arn, input.tagKeys)
        return {}
      })
  ),
  operation("ListTagsForResource", Schema.Struct({ resourceArn: Schema.String }), (input, call) =>
    Effect.map(taggable(shelf, input.resourceArn), (arn) => ({
      tags: tagListOf(tagsOf(shelf.world, arn, call.view.asOf))
    }))
  )
]

/** Tasks that exist, and the tags of everything in ECS. */
export const taskOperations = (shelf: EcsShelf, runner: TaskRunner) => [
  describe(shelf),
  list(shelf),
  stop(shelf, runner),
  ...tagOperations(shelf)
]

import type { Task } from "@aws-sdk/client-ecs"
import { type AwsFault, patiently } from "@sockerless/cloud-aws"
import { CloudScanner, type Found } from "@sockerless/cloud-scanner"
import { awsTags } from "@sockerless/tags"
import { Effect, Layer, Option, Result, Stream } from "effect"
import { deleteDefinition } from "./definitions.ts"
import { describeTasks, endTask } from "./tasks.ts"
import { DEFINITION, type EcsScope, TASK } from "./types.ts"

const MANAGED = "sockerless-managed"
const NAME_PREFIX = "skls-"
/** The most that both list calls give at once. */
const PAGE_SIZE = 100

export interface ScannerOptions extends EcsScope {
  /** Resources asked for at once; at most 100. */
  readonly pageSize?: number
}

const tagsOf = (pairs: Parameters<typeof awsTags.ofPairs>[0]) =>
  Result.match(awsTags.ofPairs(pairs), { onSuccess: (tags) => tags, onFailure: (unreadable) => unreadable })

const lowerTagsOf = (task: Task) =>
  Result.match(awsTags.ofLowerPairs(task.tags ?? []), {
    onSuccess: (tags) => tags,
    onFailure: (unreadable) => unreadable
  })

const ageOf = (since: Date | undefined): number => Math.max(0, Date.now() - (since?.getTime() ?? Date.now()))

const familyOf = (arn: string): string => /task-definition\/([^:]+):/.exec(arn)?.[1] ?? ""

/** Task definitions carry our tags, but ECS lists them without: the tagging service gives both, a page at a time. */
const definitions = ({ account, pageSize = PAGE_SIZE }: ScannerOptions): Stream.Stream<Found, AwsFault> =>
  Stream.paginate(undefined as string | undefined, (token) =>
    patiently(
      account.tagging("GetResources", (client, sdk, call) =>
        client.send(
          new sdk.GetResourcesCommand({
            TagFilters: [{ Key: MANAGED, Values: ["true"] }],
            ResourceTypeFilters: ["ecs:task-definition"],
            ResourcesPerPage: pageSize,
            ...(token === undefined ? {} : { PaginationToken: token })
          }),
          call
        )
      )
    ).pipe(
      Effect.map((answer) => {
        const found = (answer.ResourceTagMappingList ?? []).map(({ ResourceARN: id = "", Tags = [] }): Found => {
          const tags = tagsOf(Tags)
          return {
            type: DEFINITION,
            id,
            name: familyOf(id),
            tags,
            state: "created",
            ageMillis: ageOf(tags === undefined || "_tag" in tags ? undefined : tags.createdAt),
            recoverable: false
          }
        })
        return [found, Option.fromUndefinedOr(answer.PaginationToken || undefined)] as const
      })
    )
  )

const isOurs = (task: Task, tags: Found["tags"]): boolean =>
  tags !== undefined || (task.startedBy ?? "").startsWith(NAME_PREFIX)

/** A task that is to stop has lost its tags already; it ends by itself and costs nothing then. */
const tasks = (options: ScannerOptions): Stream.Stream<Found, AwsFault> => {
  const { account, cluster, pageSize = PAGE_SIZE } = options
  return Stream.paginate(undefined as string | undefined, (token) =>
    Effect.gen(function* () {
      const answer = yield* patiently(
        account.ecs("ListTasks", (client, sdk, call) =>
          client.send(
            new sdk.ListTasksCommand({
              cluster,
              desiredStatus: "RUNNING",
              maxResults: pageSize,
              ...(token === undefined ? {} : { nextToken: token })
            }),
            call
          )
        )
      )
      const arns = answer.taskArns ?? []
      const described = arns.length === 0 ? [] : yield* describeTasks(options, arns)
      const found = described.flatMap((task): ReadonlyArray<Found> => {
        const tags = lowerTagsOf(task)
        if (!isOurs(task, tags)) return []
        return [
          {
            type: TASK,
            id: task.taskArn ?? "",
            name: task.startedBy ?? "",
            tags,
            state: task.lastStatus === "RUNNING" ? "running" : "creating",
            ageMillis: ageOf(task.createdAt),
            recoverable: false
          }
        ]
      })
      return [found, Option.fromUndefinedOr(answer.nextToken)] as const
    })
  )
}

/** Everything of ours in one cluster: its tasks, and the account's task definitions. */
export const ecsScanner = (options: ScannerOptions): Layer.Layer<CloudScanner> =>
  Layer.succeed(CloudScanner, {
    backend: "ecs",
    scan: Stream.concat(definitions(options), tasks(options)),
    destroy: ({ type, id }) =>
      type === TASK ? endTask(options, id, "nobody claims it") : deleteDefinition(options, id)
  })

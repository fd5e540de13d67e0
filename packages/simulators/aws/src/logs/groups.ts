import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import { streamKey } from "./records.ts"
import type { LogStore } from "./store.ts"

const text = Schema.optionalKey(Schema.String)
const Tags = Schema.Record(Schema.String, Schema.String)

const noGroup = (): AwsFault => awsFault("ResourceNotFoundException", "The specified log group does not exist.")
export const badToken = (): AwsFault => awsFault("InvalidParameterException", "The specified nextToken is invalid.")

export const requireGroup = (store: LogStore, name: string): Effect.Effect<void, AwsFault> =>
  store.groups.has(name) ? Effect.void : Effect.fail(noGroup())

/** A group named by itself or by its ARN. */
export const groupName = (input: { readonly logGroupName?: string; readonly logGroupIdentifier?: string }): string =>
  input.logGroupName ??
  (input.logGroupIdentifier ?? "").replace(/^arn:aws:logs:[^:]*:[^:]*:log-group:/, "").replace(/:\*$/, "")

const groupOfArn = (arn: string): string => groupName({ logGroupIdentifier: arn })

const tagOperations = (store: LogStore) => [
  operation("TagResource", Schema.Struct({ resourceArn: Schema.String, tags: Tags }), (input) =>
    Effect.map(requireGroup(store, groupOfArn(input.resourceArn)), () => {
      addTags(store.world, store.arnOf(groupOfArn(input.resourceArn)), input.tags)
      return {}
    })
  ),
  operation(
    "UntagResource",
    Schema.Struct({ resourceArn: Schema.String, tagKeys: Schema.Array(Schema.String) }),
    (input) =>
      Effect.map(requireGroup(store, groupOfArn(input.resourceArn)), () => {
        dropTags(store.world, store.arnOf(groupOfArn(input.resourceArn)), input.tagKeys)
        return {}
      })
  ),
  operation("ListTagsForResource", Schema.Struct({ resourceArn: Schema.String }), (input, call) =>
    Effect.map(requireGroup(store, groupOfArn(input.resourceArn)), () => ({
      tags: tagsOf(store.world, store.arnOf(groupOfArn(input.resourceArn)), call.view.asOf)
    }))
  ),
  operation("ListTagsLogGroup", Schema.Struct({ logGroupName: Schema.String }), (input, call) =>
    Effect.map(requireGroup(store, input.logGroupName), () => ({
      tags: tagsOf(store.world, store.arnOf(input.logGroupName), call.view.asOf)
    }))
  )
]

const retentionOperations = (store: LogStore) => [
  operation(
    "PutRetentionPolicy",
    Schema.Struct({ logGroupName: Schema.String, retentionInDays: Schema.Number }),
    (input) =>
      Effect.gen(function* () {
        const group = store.groups.get(input.logGroupName)
        if (group === undefined) return yield* noGroup()
        store.groups.put(group.name, { ...group, retentionInDays: input.retentionInDays })
        return {}
      })
  ),
  operation("DeleteRetentionPolicy", Schema.Struct({ logGroupName: Schema.String }), (input) =>
    Effect.gen(function* () {
      const group = store.groups.get(input.logGroupName)
      if (group === undefined) return yield* noGroup()
      store.groups.put(group.name, { name: group.name, createdAt: group.createdAt })
      return {}
    })
  )
]

const streamOperations = (store: LogStore) => [
  operation("CreateLogStream", Schema.Struct({ logGroupName: Schema.String, logStreamName: Schema.String }), (input) =>
    Effect.gen(function* () {
      yield* requireGroup(store, input.logGroupName)
      if (store.streams.has(streamKey(input.logGroupName, input.logStreamName)))
        return yield* awsFault("ResourceAlreadyExistsException", "The specified log stream already exists")
      store.ensureStream(input.logGroupName, input.logStreamName)
      return {}
    })
  ),
  operation("DeleteLogStream", Schema.Struct({ logGroupName: Schema.String, logStreamName: Schema.String }), (input) =>
    Effect.gen(function* () {
      yield* requireGroup(store, input.logGroupName)
      if (!store.streams.has(streamKey(input.logGroupName, input.logStreamName)))
        return yield* awsFault("ResourceNotFoundException", "The specified log stream does not exist.")
      yield* store.deleteStream(input.logGroupName, input.logStreamName)
      return {}
    })
  ),
  operation(
    "DescribeLogStreams",
    Schema.Struct({
      logGroupName: text,
      logGroupIdentifier: text,
      logStreamNamePrefix: text,
      nextToken: text,
      limit: Schema.optionalKey(Schema.Number)
    }),
    (input, call) =>
      Effect.gen(function* () {
        const group = groupName(input)
        yield* requireGroup(store, group)
        const streams = store.streams
          .all(call.view.asOf)
          .filter((stream) => stream.group === group && stream.name.startsWith(input.logStreamNamePrefix ?? ""))
        const page = pageOf(
          streams,
          (stream) => stream.name,
          { limit: input.limit ?? 50, token: input.nextToken },
          call.view
        )
        if (page === undefined) return yield* badToken()
        return {
          logStreams: page.items.map((stream) => {
            const events = store.visible(stream.group, stream.name)
            const [first, last] = [events[0], events.at(-1)]
            return {
              logStreamName: stream.name,
              creationTime: stream.createdAt,
              arn: `${store.arnOf(stream.group)}:log-stream:${stream.name}`,
              storedBytes: 0,
              ...(first === undefined ? {} : { firstEventTimestamp: first.timestamp }),
              ...(last === undefined ? {} : { lastEventTimestamp: last.timestamp, lastIngestionTime: last.ingestedAt })
            }
          }),
          ...(page.next === undefined ? {} : { nextToken: page.next })
        }
      })
  )
]

/** Log groups, streams, retention and tags. */
export const groupOperations = (store: LogStore) => [
  operation("CreateLogGroup", Schema.Struct({ logGroupName: Schema.String, tags: Schema.optionalKey(Tags) }), (input) =>
    Effect.gen(function* () {
      if (store.groups.has(input.logGroupName))
        return yield* awsFault("ResourceAlreadyExistsException", "The specified log group already exists")
      store.createGroup(input.logGroupName)
      addTags(store.world, store.arnOf(input.logGroupName), input.tags ?? {})
      return {}
    })
  ),
  operation("DeleteLogGroup", Schema.Struct({ logGroupName: Schema.String }), (input) =>
    Effect.gen(function* () {
      yield* requireGroup(store, input.logGroupName)
      yield* store.deleteGroup(input.logGroupName)
      return {}
    })
  ),
  operation(
    "DescribeLogGroups",
    Schema.Struct({ logGroupNamePrefix: text, nextToken: text, limit: Schema.optionalKey(Schema.Number) }),
    (input, call) =>
      Effect.gen(function* () {
        const groups = store.groups
          .all(call.view.asOf)
          .filter((group) => group.name.startsWith(input.logGroupNamePrefix ?? ""))
        const page = pageOf(
          groups,
          (group) => group.name,
          { limit: input.limit ?? 50, token: input.nextToken },
          call.view
        )
        if (page === undefined) return yield* badToken()
        return {
          logGroups: page.items.map((group) => ({
            logGroupName: group.name,
            creationTime: group.createdAt,
            metricFilterCount: 0,
            arn: `${store.arnOf(group.name)}:*`,
            logGroupArn: store.arnOf(group.name),
            storedBytes: 0,
            logGroupClass: "STANDARD",
            ...(group.retentionInDays === undefined ? {} : { retentionInDays: group.retentionInDays })
          })),
          ...(page.next === undefined ? {} : { nextToken: page.next })
        }
      })
  ),
  ...streamOperations(store),
  ...retentionOperations(store),
  ...tagOperations(store)
]

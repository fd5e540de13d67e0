import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { keyValuesOf } from "../wire/tag-shape.ts"
import type { TagRecord, World } from "../world.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))
const Filters = Schema.Array(Schema.Struct({ Key: Schema.String, Values: texts }))

/** `ecs:task-definition`, `lambda:function`, `s3`: the kind of a resource as filters name it. */
const kindOf = (arn: string): string => {
  const [, , service = "", , , ...rest] = arn.split(":")
  const [kind = "", more] = rest.join(":").split(/[/:]/)
  return more === undefined ? service : `${service}:${kind}`
}

const isOfKind = (arn: string, kinds: ReadonlyArray<string>): boolean => {
  const kind = kindOf(arn)
  return kinds.some((wanted) => wanted === kind || wanted === kind.split(":")[0])
}

const matches = (record: TagRecord, filters: typeof Filters.Type): boolean =>
  filters.every(({ Key, Values = [] }) => {
    const value = record.tags[Key]
    return value !== undefined && (Values.length === 0 || Values.includes(value))
  })

const RESOURCES_PER_PAGE = 50

/** The Resource Groups Tagging API: it sees what the services have tagged, somewhat later. */
export const taggingOperations = (world: World) => [
  operation(
    "GetResources",
    Schema.Struct({
      PaginationToken: text,
      TagFilters: Schema.optionalKey(Filters),
      ResourcesPerPage: Schema.optionalKey(Schema.Number),
      ResourceTypeFilters: texts,
      ResourceARNList: texts
    }),
    (input, call) =>
      Effect.gen(function* () {
        const lag = world.timing.taggingLagMillis
        const asOf = call.view.asOf ?? (lag === 0 ? undefined : world.simulation.clock.now() - lag)
        const wanted = world.tags
          .all(asOf)
          .filter(
            (record) =>
              matches(record, input.TagFilters ?? []) &&
              (input.ResourceTypeFilters === undefined ||
                input.ResourceTypeFilters.length === 0 ||
                isOfKind(record.arn, input.ResourceTypeFilters)) &&
              (input.ResourceARNList?.includes(record.arn) ?? true)
          )
        const token = input.PaginationToken === "" ? undefined : input.PaginationToken
        const page = pageOf(
          wanted,
          (record) => record.arn,
          { limit: input.ResourcesPerPage ?? RESOURCES_PER_PAGE, token },
          call.view
        )
        if (page === undefined)
          return yield* awsFault("PaginationTokenExpiredException", "The pagination token is not valid.")
        return {
          PaginationToken: page.next ?? "",
          ResourceTagMappingList: page.items.map((record) => ({
            ResourceARN: record.arn,
            Tags: keyValuesOf(record.tags)
          }))
        }
      })
  )
]

import { Effect, Schema } from "effect"
import { awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import type { RestRoute } from "../wire/service.ts"
import { listOf, OneOrMore } from "../wire/tag-shape.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import type { FunctionRecord } from "./records.ts"
import { functionArn, functionOf, type LambdaShelf } from "./shelf.ts"

const number = Schema.optionalKey(Schema.Number)
const Named = Schema.Struct({ FunctionName: Schema.String })

const concurrencyRoutes = (shelf: LambdaShelf): ReadonlyArray<RestRoute> => {
  const put = operation(
    "PutFunctionConcurrency",
    Schema.Struct({ FunctionName: Schema.String, ReservedConcurrentExecutions: Schema.Number }),
    (input) =>
      Effect.map(functionOf(shelf, input.FunctionName), (record) => {
        shelf.functions.put(record.name, { ...record, reservedConcurrency: input.ReservedConcurrentExecutions })
        return { ReservedConcurrentExecutions: input.ReservedConcurrentExecutions }
      })
  )
  const get = operation("GetFunctionConcurrency", Named, (input) =>
    Effect.map(functionOf(shelf, input.FunctionName), (record) =>
      record.reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: record.reservedConcurrency }
    )
  )
  const drop = operation("DeleteFunctionConcurrency", Named, (input) =>
    Effect.map(functionOf(shelf, input.FunctionName), (record) => {
      const { reservedConcurrency: _, ...rest } = record
      shelf.functions.put(record.name, rest)
      return {}
    })
  )
  return [
    { method: "PUT", pattern: "/2017-10-31/functions/{FunctionName}/concurrency", operation: put },
    { method: "GET", pattern: "/2019-09-30/functions/{FunctionName}/concurrency", operation: get },
    { method: "DELETE", pattern: "/2017-10-31/functions/{FunctionName}/concurrency", status: 204, operation: drop }
  ]
}

const shownConfig = (
  shelf: LambdaShelf,
  record: FunctionRecord,
  config: NonNullable<FunctionRecord["eventInvoke"]>
) => ({
  LastModified: config.modifiedAt / 1000,
  FunctionArn: `${functionArn(shelf.world, record.name)}:$LATEST`,
  ...(config.retries === undefined ? {} : { MaximumRetryAttempts: config.retries }),
  ...(config.maximumAgeSeconds === undefined ? {} : { MaximumEventAgeInSeconds: config.maximumAgeSeconds })
})

const eventInvokeRoutes = (shelf: LambdaShelf): ReadonlyArray<RestRoute> => {
  const pattern = "/2019-09-25/functions/{FunctionName}/event-invoke-config"
  const configOf = (name: string) =>
    Effect.gen(function* () {
      const record = yield* functionOf(shelf, name)
      if (record.eventInvoke === undefined)
        return yield* awsFault(
          "ResourceNotFoundException",
          `The function ${functionArn(shelf.world, record.name)} doesn't have an EventInvokeConfig`,
          { status: 404 }
        )
      return { record, config: record.eventInvoke }
    })
  const write = (name: string, keeps: boolean) =>
    operation(
      name,
      Schema.Struct({ FunctionName: Schema.String, MaximumRetryAttempts: number, MaximumEventAgeInSeconds: number }),
      (input) =>
        Effect.map(functionOf(shelf, input.FunctionName), (record) => {
          const config = {
            ...(keeps ? record.eventInvoke : undefined),
            modifiedAt: shelf.world.simulation.clock.now(),
            ...(input.MaximumRetryAttempts === undefined ? {} : { retries: input.MaximumRetryAttempts }),
            ...(input.MaximumEventAgeInSeconds === undefined
              ? {}
              : { maximumAgeSeconds: input.MaximumEventAgeInSeconds })
          }
          shelf.functions.put(record.name, { ...record, eventInvoke: config })
          return shownConfig(shelf, record, config)
        })
    )
  return [
    { method: "PUT", pattern, operation: write("PutFunctionEventInvokeConfig", false) },
    { method: "POST", pattern, operation: write("UpdateFunctionEventInvokeConfig", true) },
    {
      method: "GET",
      pattern,
      operation: operation("GetFunctionEventInvokeConfig", Named, (input) =>
        Effect.map(configOf(input.FunctionName), ({ record, config }) => shownConfig(shelf, record, config))
      )
    },
    {
      method: "DELETE",
      pattern,
      status: 204,
      operation: operation("DeleteFunctionEventInvokeConfig", Named, (input) =>
        Effect.map(configOf(input.FunctionName), ({ record }) => {
          const { eventInvoke: _, ...rest } = record
          shelf.functions.put(record.name, rest)
          return {}
        })
      )
    }
  ]
}

const tagRoutes = (shelf: LambdaShelf): ReadonlyArray<RestRoute> => {
  const pattern = "/2017-03-31/tags/{Resource+}"
  const arnOf = (resource: string) =>
    Effect.map(functionOf(shelf, resource), (record) => functionArn(shelf.world, record.name))
  return [
    {
      method: "GET",
      pattern,
      operation: operation("ListTags", Schema.Struct({ Resource: Schema.String }), (input, call) =>
        Effect.map(arnOf(input.Resource), (arn) => ({ Tags: tagsOf(shelf.world, arn, call.view.asOf) }))
      )
    },
    {
      method: "POST",
      pattern,
      status: 204,
      operation: operation(
        "TagResource",
        Schema.Struct({ Resource: Schema.String, Tags: Schema.Record(Schema.String, Schema.String) }),
        (input) =>
          Effect.map(arnOf(input.Resource), (arn) => {
            addTags(shelf.world, arn, input.Tags)
            return {}
          })
      )
    },
    {
      method: "DELETE",
      pattern,
      status: 204,
      operation: operation("UntagResource", Schema.Struct({ Resource: Schema.String, tagKeys: OneOrMore }), (input) =>
        Effect.map(arnOf(input.Resource), (arn) => {
          dropTags(shelf.world, arn, listOf(input.tagKeys))
          return {}
        })
      )
    }
  ]
}

/** Concurrency, asynchronous invocation and tags of functions. */
export const settingRoutes = (shelf: LambdaShelf): ReadonlyArray<RestRoute> => [
  ...concurrencyRoutes(shelf),
  ...eventInvokeRoutes(shelf),
  ...tagRoutes(shelf)
]

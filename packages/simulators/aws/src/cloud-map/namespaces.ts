import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { KeyValueTags, keyValuesOf, mapOfKeyValues } from "../wire/tag-shape.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import type { NamespaceRecord } from "./records.ts"
import { finished, type MapShelf, namespaceArn, namespaceOf, newId, serviceArn, serviceOf } from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const JsonObject = Schema.Record(Schema.String, Schema.Json)
const Filters = Schema.optionalKey(
  Schema.Array(Schema.Struct({ Name: Schema.String, Values: Schema.Array(Schema.String) }))
)
const Paged = { NextToken: text, MaxResults: Schema.optionalKey(Schema.Number), Filters }

const shown = (shelf: MapShelf, record: NamespaceRecord) => ({
  Id: record.id,
  Arn: namespaceArn(shelf.world, record.id),
  Name: record.name,
  Type: record.type,
  ...(record.description === undefined ? {} : { Description: record.description }),
  ServiceCount: shelf.services.all().filter((service) => service.namespace === record.id).length,
  Properties: {
    ...(record.type === "DNS_PRIVATE"
      ? { DnsProperties: { HostedZoneId: `Z${record.id.slice(3).toUpperCase()}`, SOA: { TTL: 15 } } }
      : {}),
    HttpProperties: { HttpName: record.name }
  },
  CreateDate: record.createdAt / 1000
})

const create = (shelf: MapShelf, name: string, type: NamespaceRecord["type"]) =>
  operation(
    name,
    Schema.Struct({
      Name: Schema.String,
      Vpc: text,
      Description: text,
      CreatorRequestId: text,
      Tags: Schema.optionalKey(KeyValueTags)
    }),
    (input) =>
      Effect.gen(function* () {
        const known = shelf.namespaces.all().find((record) => record.name === input.Name)
        if (known !== undefined)
          return yield* awsFault("NamespaceAlreadyExists", `Namespace ${input.Name} already exists`, {
            details: { NamespaceId: known.id, CreatorRequestId: input.CreatorRequestId ?? "" }
          })
        const id = newId("ns")
        shelf.namespaces.put(id, {
          id,
          name: input.Name,
          type,
          ...(input.Vpc === undefined ? {} : { vpc: input.Vpc }),
          ...(input.Description === undefined ? {} : { description: input.Description }),
          createdAt: shelf.world.simulation.clock.now()
        })
        addTags(shelf.world, namespaceArn(shelf.world, id), mapOfKeyValues(input.Tags))
        return finished(shelf, "CREATE_NAMESPACE", { NAMESPACE: id })
      })
  )

const remove = (shelf: MapShelf) =>
  operation("DeleteNamespace", Schema.Struct({ Id: Schema.String }), (input) =>
    Effect.gen(function* () {
      const { id } = yield* namespaceOf(shelf, input.Id)
      if (shelf.services.all().some((service) => service.namespace === id))
        return yield* awsFault("ResourceInUse", "Namespace has associated services.")
      shelf.namespaces.delete(id)
      dropTags(shelf.world, namespaceArn(shelf.world, id))
      return finished(shelf, "DELETE_NAMESPACE", { NAMESPACE: id })
    })
  )

const list = (shelf: MapShelf) =>
  operation("ListNamespaces", Schema.Struct(Paged), (input, call) =>
    Effect.gen(function* () {
      const wanted = shelf.namespaces.all(call.view.asOf).filter((record) =>
        (input.Filters ?? []).every(({ Name, Values }) => {
          const value =
            Name === "TYPE" ? record.type : Name === "NAME" || Name === "HTTP_NAME" ? record.name : undefined
          return value === undefined || Values.includes(value)
        })
      )
      const page = pageOf(
        wanted,
        (record) => record.id,
        { limit: input.MaxResults ?? 100, token: input.NextToken },
        call.view
      )
      if (page === undefined) return yield* awsFault("InvalidInput", "the token is not valid")
      return {
        Namespaces: page.items.map((record) => shown(shelf, record)),
        ...(page.next === undefined ? {} : { NextToken: page.next })
      }
    })
  )

const arnOf = (shelf: MapShelf, arn: string): Effect.Effect<string, AwsFault> =>
  (arn.includes(":namespace/")
    ? Effect.map(namespaceOf(shelf, arn), ({ id }) => namespaceArn(shelf.world, id))
    : Effect.map(serviceOf(shelf, arn), ({ id }) => serviceArn(shelf.world, id))
  ).pipe(Effect.mapError(() => awsFault("ResourceNotFoundException", `${arn} does not exist`)))

const tagOperations = (shelf: MapShelf) => [
  operation("TagResource", Schema.Struct({ ResourceARN: Schema.String, Tags: KeyValueTags }), (input) =>
    Effect.map(arnOf(shelf, input.ResourceARN), (arn) => {
      addTags(shelf.world, arn, mapOfKeyValues(input.Tags))
      return {}
    })
  ),
  operation(
    "UntagResource",
    Schema.Struct({ ResourceARN: Schema.String, TagKeys: Schema.Array(Schema.String) }),
    (input) =>
      Effect.map(arnOf(shelf, input.ResourceARN), (arn) => {
        dropTags(shelf.world, arn, input.TagKeys)
        return {}
      })
  ),
  operation("ListTagsForResource", Schema.Struct({ ResourceARN: Schema.String }), (input, call) =>
    Effect.map(arnOf(shelf, input.ResourceARN), (arn) => ({
      Tags: keyValuesOf(tagsOf(shelf.world, arn, call.view.asOf))
    }))
  )
]

/** Namespaces, the operations that make them, and tags. */
export const namespaceOperations = (shelf: MapShelf) => [
  create(shelf, "CreatePrivateDnsNamespace", "DNS_PRIVATE"),
  create(shelf, "CreateHttpNamespace", "HTTP"),
  remove(shelf),
  list(shelf),
  operation("GetNamespace", Schema.Struct({ Id: Schema.String }), (input) =>
    Effect.map(namespaceOf(shelf, input.Id), (record) => ({ Namespace: shown(shelf, record) }))
  ),
  operation("GetOperation", Schema.Struct({ OperationId: Schema.String }), (input) =>
    Effect.gen(function* () {
      const record = shelf.operations.get(input.OperationId)
      if (record === undefined)
        return yield* awsFault("OperationNotFound", `Operation ${input.OperationId} does not exist.`)
      return {
        Operation: {
          Id: record.id,
          Type: record.type,
          Status: "SUCCESS",
          CreateDate: record.at / 1000,
          UpdateDate: record.at / 1000,
          Targets: record.targets
        }
      }
    })
  ),
  operation("UpdatePrivateDnsNamespace", Schema.Struct({ Id: Schema.String, Namespace: JsonObject }), (input) =>
    Effect.map(namespaceOf(shelf, input.Id), ({ id }) => finished(shelf, "UPDATE_NAMESPACE", { NAMESPACE: id }))
  ),
  ...tagOperations(shelf)
]

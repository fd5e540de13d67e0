import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { KeyValueTags, mapOfKeyValues } from "../wire/tag-shape.ts"
import { addTags, dropTags } from "../world.ts"
import { type InstanceRecord, instanceKey, type ServiceRecord } from "./records.ts"
import {
  finished,
  instancesOf,
  type MapShelf,
  namespaceOf,
  newId,
  publishNames,
  serviceArn,
  serviceOf
} from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.Record(Schema.String, Schema.String)
const JsonObject = Schema.Record(Schema.String, Schema.Json)
const number = Schema.optionalKey(Schema.Number)

const shown = (shelf: MapShelf, record: ServiceRecord) => ({
  Id: record.id,
  Arn: serviceArn(shelf.world, record.id),
  Name: record.name,
  NamespaceId: record.namespace,
  ...(record.description === undefined ? {} : { Description: record.description }),
  InstanceCount: instancesOf(shelf, record.id).length,
  ...(record.dnsConfig === undefined ? {} : { DnsConfig: record.dnsConfig }),
  ...(record.healthCheckCustomConfig === undefined ? {} : { HealthCheckCustomConfig: record.healthCheckCustomConfig }),
  Type: record.dnsConfig === undefined ? "HTTP" : "DNS_HTTP",
  CreateDate: record.createdAt / 1000,
  ...(record.requestId === undefined ? {} : { CreatorRequestId: record.requestId })
})

const create = (shelf: MapShelf) =>
  operation(
    "CreateService",
    Schema.Struct({
      Name: Schema.String,
      NamespaceId: Schema.String,
      CreatorRequestId: text,
      Description: text,
      DnsConfig: Schema.optionalKey(JsonObject),
      HealthCheckCustomConfig: Schema.optionalKey(JsonObject),
      Tags: Schema.optionalKey(KeyValueTags)
    }),
    (input) =>
      Effect.gen(function* () {
        const namespace = yield* namespaceOf(shelf, input.NamespaceId)
        const known = shelf.services
          .all()
          .find(
            (service) => service.namespace === namespace.id && service.name.toLowerCase() === input.Name.toLowerCase()
          )
        if (known !== undefined)
          return yield* awsFault("ServiceAlreadyExists", `Service ${input.Name} already exists.`, {
            details: { ServiceId: known.id, CreatorRequestId: known.requestId ?? "" }
          })
        const id = newId("srv")
        const record = shelf.services.put(id, {
          id,
          name: input.Name,
          namespace: namespace.id,
          ...(input.CreatorRequestId === undefined ? {} : { requestId: input.CreatorRequestId }),
          ...(input.Description === undefined ? {} : { description: input.Description }),
          ...(input.DnsConfig === undefined ? {} : { dnsConfig: { RoutingPolicy: "MULTIVALUE", ...input.DnsConfig } }),
          ...(input.HealthCheckCustomConfig === undefined
            ? {}
            : { healthCheckCustomConfig: input.HealthCheckCustomConfig }),
          createdAt: shelf.world.simulation.clock.now(),
          revision: 1
        })
        addTags(shelf.world, serviceArn(shelf.world, id), mapOfKeyValues(input.Tags))
        return { Service: shown(shelf, record) }
      })
  )

const remove = (shelf: MapShelf) =>
  operation("DeleteService", Schema.Struct({ Id: Schema.String }), (input) =>
    Effect.gen(function* () {
      const { id } = yield* serviceOf(shelf, input.Id)
      if (instancesOf(shelf, id).length > 0)
        return yield* awsFault(
          "ResourceInUse",
          "Service contains registered instances; delete the instances before deleting the service"
        )
      shelf.services.delete(id)
      dropTags(shelf.world, serviceArn(shelf.world, id))
      return {}
    })
  )

const list = (shelf: MapShelf) =>
  operation(
    "ListServices",
    Schema.Struct({
      NextToken: text,
      MaxResults: number,
      Filters: Schema.optionalKey(
        Schema.Array(Schema.Struct({ Name: Schema.String, Values: Schema.Array(Schema.String) }))
      )
    }),
    (input, call) =>
      Effect.gen(function* () {
        const namespaces = input.Filters?.find((filter) => filter.Name === "NAMESPACE_ID")?.Values
        const wanted = shelf.services
          .all(call.view.asOf)
          .filter((service) => namespaces === undefined || namespaces.includes(service.namespace))
        const page = pageOf(
          wanted,
          (service) => service.id,
          { limit: input.MaxResults ?? 100, token: input.NextToken },
          call.view
        )
        if (page === undefined) return yield* awsFault("InvalidInput", "the token is not valid")
        return {
          Services: page.items.map((service) => {
            const {
              NamespaceId: _,
              CreatorRequestId: __,
              ...summary
            } = { CreatorRequestId: "", ...shown(shelf, service) }
            return summary
          }),
          ...(page.next === undefined ? {} : { NextToken: page.next })
        }
      })
  )

/** Counts a change of a service's instances and makes their names resolve. */
const changed = (shelf: MapShelf, service: ServiceRecord): Effect.Effect<void> => {
  const now = shelf.services.get(service.id) ?? service
  shelf.services.put(service.id, { ...now, revision: now.revision + 1 })
  return publishNames(shelf)
}

const instanceOf = (shelf: MapShelf, service: string, id: string): Effect.Effect<InstanceRecord, AwsFault> => {
  const found = shelf.instances.get(instanceKey(service, id))
  return found === undefined
    ? Effect.fail(awsFault("InstanceNotFound", `Instance with ID ${id} does not exist.`))
    : Effect.succeed(found)
}

const instanceOperations = (shelf: MapShelf) => [
  operation(
    "RegisterInstance",
    Schema.Struct({ ServiceId: Schema.String, InstanceId: Schema.String, CreatorRequestId: text, Attributes: texts }),
    (input) =>
      Effect.gen(function* () {
        const service = yield* serviceOf(shelf, input.ServiceId)
        shelf.instances.put(instanceKey(service.id, input.InstanceId), {
          service: service.id,
          id: input.InstanceId,
          ...(input.CreatorRequestId === undefined ? {} : { requestId: input.CreatorRequestId }),
          attributes: input.Attributes
        })
        yield* changed(shelf, service)
        return finished(shelf, "REGISTER_INSTANCE", { INSTANCE: input.InstanceId, SERVICE: service.id })
      })
  ),
  operation("DeregisterInstance", Schema.Struct({ ServiceId: Schema.String, InstanceId: Schema.String }), (input) =>
    Effect.gen(function* () {
      const service = yield* serviceOf(shelf, input.ServiceId)
      yield* instanceOf(shelf, service.id, input.InstanceId)
      shelf.instances.delete(instanceKey(service.id, input.InstanceId))
      yield* changed(shelf, service)
      return finished(shelf, "DEREGISTER_INSTANCE", { INSTANCE: input.InstanceId, SERVICE: service.id })
    })
  ),
  operation("GetInstance", Schema.Struct({ ServiceId: Schema.String, InstanceId: Schema.String }), (input) =>
    Effect.gen(function* () {
      const service = yield* serviceOf(shelf, input.ServiceId)
      const { id, attributes } = yield* instanceOf(shelf, service.id, input.InstanceId)
      return { Instance: { Id: id, Attributes: attributes } }
    })
  ),
  operation(
    "ListInstances",
    Schema.Struct({ ServiceId: Schema.String, NextToken: text, MaxResults: number }),
    (input, call) =>
      Effect.gen(function* () {
        const service = yield* serviceOf(shelf, input.ServiceId)
        const all = instancesOf(shelf, service.id, call.view.asOf)
        const page = pageOf(
          all,
          (instance) => instance.id,
          { limit: input.MaxResults ?? 100, token: input.NextToken },
          call.view
        )
        if (page === undefined) return yield* awsFault("InvalidInput", "the token is not valid")
        return {
          Instances: page.items.map(({ id, attributes }) => ({ Id: id, Attributes: attributes })),
          ...(page.next === undefined ? {} : { NextToken: page.next })
        }
      })
  )
]

const discoverOperations = (shelf: MapShelf) => {
  const find = (input: { readonly NamespaceName: string; readonly ServiceName: string }) =>
    Effect.gen(function* () {
      const namespace = shelf.namespaces.all().find((record) => record.name === input.NamespaceName)
      if (namespace === undefined)
        return yield* awsFault("NamespaceNotFound", `The specified namespace ${input.NamespaceName} was not found`)
      const service = shelf.services
        .all()
        .find((record) => record.namespace === namespace.id && record.name === input.ServiceName)
      if (service === undefined)
        return yield* awsFault("ServiceNotFound", `The specified service ${input.ServiceName} was not found`)
      return service
    })
  const Asked = { NamespaceName: Schema.String, ServiceName: Schema.String }
  return [
    operation(
      "DiscoverInstances",
      Schema.Struct({ ...Asked, QueryParameters: Schema.optionalKey(texts) }),
      (input, call) =>
        Effect.map(find(input), (service) => ({
          Instances: instancesOf(shelf, service.id, call.view.asOf)
            .filter((instance) =>
              Object.entries(input.QueryParameters ?? {}).every(([name, value]) => instance.attributes[name] === value)
            )
            .map((instance) => ({
              InstanceId: instance.id,
              NamespaceName: input.NamespaceName,
              ServiceName: input.ServiceName,
              HealthStatus: "HEALTHY",
              Attributes: instance.attributes
            })),
          InstancesRevision: service.revision
        }))
    ),
    operation("DiscoverInstancesRevision", Schema.Struct(Asked), (input) =>
      Effect.map(find(input), (service) => ({ InstancesRevision: service.revision }))
    )
  ]
}

/** Services, their instances and their discovery; names of instances resolve in workloads. */
export const serviceOperations = (shelf: MapShelf) => [
  create(shelf),
  remove(shelf),
  list(shelf),
  operation("GetService", Schema.Struct({ Id: Schema.String }), (input) =>
    Effect.map(serviceOf(shelf, input.Id), (record) => ({ Service: shown(shelf, record) }))
  ),
  ...instanceOperations(shelf),
  ...discoverOperations(shelf)
]

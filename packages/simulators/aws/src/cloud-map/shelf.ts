import type { Table } from "@sockerless/simulator-kit"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import type { World } from "../world.ts"
import { InstanceRecord, NamespaceRecord, OperationRecord, ServiceRecord } from "./records.ts"

/** What every operation of Cloud Map works with. */
export interface MapShelf {
  readonly world: World
  readonly namespaces: Table<NamespaceRecord>
  readonly services: Table<ServiceRecord>
  readonly instances: Table<InstanceRecord>
  readonly operations: Table<typeof OperationRecord.Type>
}

/** Opens what Cloud Map held before. */
export const openMap = Effect.fnUntraced(function* (world: World) {
  const { book } = world.simulation
  const shelf: MapShelf = {
    world,
    namespaces: yield* book.table("cloud-map/namespaces", NamespaceRecord),
    services: yield* book.table("cloud-map/services", ServiceRecord),
    instances: yield* book.table("cloud-map/instances", InstanceRecord),
    operations: yield* book.table("cloud-map/operations", OperationRecord)
  }
  return shelf
})

/** An id in Cloud Map's form. */
export const newId = (prefix: string): string => `${prefix}-${randomBytes(8).toString("hex")}`

export const namespaceArn = (world: World, id: string): string => world.arn("servicediscovery", `namespace/${id}`)
export const serviceArn = (world: World, id: string): string => world.arn("servicediscovery", `service/${id}`)

const bare = (id: string): string => id.split("/").at(-1) ?? id

export const namespaceOf = (shelf: MapShelf, id: string): Effect.Effect<NamespaceRecord, AwsFault> => {
  const found = shelf.namespaces.get(bare(id))
  return found === undefined
    ? Effect.fail(awsFault("NamespaceNotFound", `A namespace with the ID ${id} does not exist.`))
    : Effect.succeed(found)
}

export const serviceOf = (shelf: MapShelf, id: string): Effect.Effect<ServiceRecord, AwsFault> => {
  const found = shelf.services.get(bare(id))
  return found === undefined
    ? Effect.fail(awsFault("ServiceNotFound", `A service with the ID ${id} does not exist.`))
    : Effect.succeed(found)
}

/** Writes down that something asynchronous was asked; here it is done already. */
export const finished = (shelf: MapShelf, type: string, targets: Readonly<Record<string, string>>) => {
  const id = newId("op")
  shelf.operations.put(id, { id, type, at: shelf.world.simulation.clock.now(), targets })
  return { OperationId: id }
}

export const instancesOf = (shelf: MapShelf, service: string, asOf?: number): ReadonlyArray<InstanceRecord> =>
  shelf.instances.all(asOf).filter((instance) => instance.service === service)

/** Makes the names of all private namespaces resolve in workloads as they are now. */
export const publishNames = (shelf: MapShelf): Effect.Effect<void> => {
  const names = new Map<string, ReadonlyArray<string>>()
  for (const service of shelf.services.all()) {
    const namespace = shelf.namespaces.get(service.namespace)
    if (namespace?.type !== "DNS_PRIVATE") continue
    const ips = instancesOf(shelf, service.id).flatMap((instance) => instance.attributes["AWS_INSTANCE_IPV4"] ?? [])
    if (ips.length > 0) names.set(`${service.name}.${namespace.name}`.toLowerCase(), ips)
  }
  return shelf.world.host
    .setNames(names)
    .pipe(Effect.catch((fault) => Effect.logWarning(`names cannot be published: ${fault.message}`)))
}

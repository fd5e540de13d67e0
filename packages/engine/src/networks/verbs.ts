import type { EndpointSpec, NetworkSpec } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { isRunning, type Entry } from "../containers/entry.ts"
import {
  backendOf,
  defaultBackend,
  type EngineContext,
  handleOf,
  launchOf,
  publish,
  remainingLaunchOf
} from "../context.ts"
import { conflict, forbidden, invalid, notFound } from "../faults.ts"
import { anyValue, booleanFilter, checkFilterKeys, lacksLabels, matchesLabels, untilMillis } from "../filter-rules.ts"
import type { Filters } from "../filters.ts"
import { newId, nowTime } from "../identity.ts"
import { whenOpen } from "../opening.ts"
import type { Networks, NetworkSnapshot } from "./networks.ts"

const predefined = ["bridge", "host", "none"]
const listKeys = new Set(["dangling", "driver", "id", "label", "name", "scope", "type"])
const pruneKeys = new Set(["label", "label!", "until"])

const membersOf = (context: EngineContext, id: string): ReadonlyArray<Entry> =>
  context.book.all.filter((entry) => isRunning(entry) && entry.snapshot.endpoints[id] !== undefined)

const snapshotOf = (context: EngineContext, spec: NetworkSpec): NetworkSnapshot => ({
  spec,
  scope: "local",
  containers: Object.fromEntries(
    membersOf(context, spec.id).flatMap((entry) => {
      const facts = entry.snapshot.endpoints[spec.id]
      return facts === undefined ? [] : [[entry.snapshot.spec.id, { name: entry.snapshot.spec.name, facts }]]
    })
  )
})

/** Containers, running or not, that name the network. */
const usersOf = (context: EngineContext, id: string): ReadonlyArray<Entry> =>
  context.book.all.filter((entry) => entry.snapshot.spec.network.endpoints[id] !== undefined)

const networkEvent = (
  context: EngineContext,
  action: string,
  spec: NetworkSpec,
  extra: Readonly<Record<string, string>> = {}
) => publish(context, "network", action, spec.id, { name: spec.name, type: spec.driver, ...extra })

/** The three networks every daemon has, made at the first start with ids that stay. */
export const ensurePredefined = Effect.fn("engine.networks.predefined")(function* (
  context: EngineContext
): Effect.fn.Return<void, Fault> {
  const backend = yield* defaultBackend(context)
  for (const name of predefined) {
    const known = context.networks.byName(name)
    const spec: NetworkSpec = known ?? {
      id: newId(),
      name,
      driver: name === "none" ? "null" : name,
      internal: false,
      attachable: false,
      enableIPv6: false,
      labels: {},
      options:
        name === "bridge"
          ? {
              "com.docker.network.bridge.default_bridge": "true",
              "com.docker.network.bridge.enable_icc": "true",
              "com.docker.network.bridge.enable_ip_masquerade": "true",
              "com.docker.network.driver.mtu": "1500"
            }
          : {},
      ipam: { driver: "default", options: {}, pools: [] },
      createdAt: nowTime()
    }
    const made = yield* backend.networks.create(spec)
    if (known === undefined || made !== known) yield* context.networks.save(made)
  }
})

const create = Effect.fn("engine.networks.create")(function* (
  context: EngineContext,
  request: Omit<NetworkSpec, "id" | "createdAt">
) {
  if (request.name.trim() === "") return yield* Effect.fail(invalid("network name cannot be empty"))
  if (predefined.includes(request.name) || request.name === "default") {
    return yield* Effect.fail(forbidden(`operation is not permitted on predefined ${request.name} network `))
  }
  if (context.networks.byName(request.name) !== undefined) {
    return yield* Effect.fail(conflict(`network with name ${request.name} already exists`))
  }
  const backend = yield* defaultBackend(context)
  const spec: NetworkSpec = { ...request, driver: request.driver || "bridge", id: newId(), createdAt: nowTime() }
  killpoint("engine.network-create.before-call")
  const made = yield* backend.networks.create(spec)
  killpoint("engine.network-create.before-outcome")
  yield* context.networks.save(made)
  killpoint("engine.network-create.after-outcome")
  yield* networkEvent(context, "create", made)
  return { id: made.id, warning: "" }
})

const erase = Effect.fn("engine.networks.remove")(function* (context: EngineContext, spec: NetworkSpec) {
  const backend = yield* defaultBackend(context)
  killpoint("engine.network-remove.before-call")
  yield* backend.networks.remove(spec.id)
  killpoint("engine.network-remove.before-outcome")
  yield* context.networks.erase(spec.id)
  killpoint("engine.network-remove.after-outcome")
  yield* networkEvent(context, "destroy", spec)
})

const remove = Effect.fn("engine.networks.remove-checked")(function* (context: EngineContext, ref: string) {
  const spec = yield* context.networks.resolve(ref)
  if (predefined.includes(spec.name)) {
    return yield* Effect.fail(forbidden(`${spec.name} is a pre-defined network and cannot be removed`))
  }
  const active = membersOf(context, spec.id)
  if (active.length > 0) {
    const names = active.map(
      (entry) =>
        `name:"${entry.snapshot.spec.name}" id:"${(entry.snapshot.endpoints[spec.id]?.endpointId ?? "").slice(0, 12)}"`
    )
    return yield* Effect.fail(
      forbidden(`error while removing network: network ${spec.name} has active endpoints (${names.join(", ")})`)
    )
  }
  yield* erase(context, spec)
})

const list = (context: EngineContext, filters: Filters) =>
  Effect.gen(function* () {
    yield* checkFilterKeys(filters, listKeys)
    const dangling = yield* booleanFilter(filters, "dangling")
    return context.networks.all
      .filter(
        (spec) =>
          (dangling === undefined ||
            dangling === (!predefined.includes(spec.name) && usersOf(context, spec.id).length === 0)) &&
          anyValue(filters, "driver", (value) => value === spec.driver) &&
          anyValue(filters, "id", (value) => spec.id.startsWith(value)) &&
          anyValue(filters, "name", (value) => spec.name.includes(value)) &&
          anyValue(filters, "scope", (value) => value === "local") &&
          anyValue(filters, "type", (value) => (value === "builtin") === predefined.includes(spec.name)) &&
          matchesLabels(spec.labels, filters.get("label") ?? [])
      )
      .map((spec) => snapshotOf(context, spec))
  })

const prune = (context: EngineContext, filters: Filters) =>
  Effect.gen(function* () {
    yield* checkFilterKeys(filters, pruneKeys)
    const [until] = filters.get("until") ?? []
    const before = until === undefined ? Number.POSITIVE_INFINITY : yield* untilMillis(until)
    const doomed = context.networks.all.filter(
      (spec) =>
        !predefined.includes(spec.name) &&
        usersOf(context, spec.id).length === 0 &&
        Date.parse(spec.createdAt) < before &&
        matchesLabels(spec.labels, filters.get("label") ?? []) &&
        lacksLabels(spec.labels, filters.get("label!") ?? [])
    )
    for (const spec of doomed) yield* erase(context, spec)
    return { deleted: doomed.map((spec) => spec.name) }
  })

type NewEndpoint = Omit<EndpointSpec, "networkId" | "networkName">

const connect = Effect.fn("engine.networks.connect")(function* (
  context: EngineContext,
  ref: string,
  containerRef: string,
  given: NewEndpoint
) {
  const entry = yield* context.book.resolveForChange(containerRef)
  const network = yield* context.networks.resolve(ref)
  yield* entry.lock.withPermit(
    Effect.gen(function* () {
      const { snapshot } = entry
      const { spec } = snapshot
      if (spec.network.mode === "host" || network.driver === "host") {
        return yield* Effect.fail(
          invalid("container cannot be disconnected from host network or connected to host network")
        )
      }
      if (spec.network.mode.startsWith("container:")) {
        return yield* Effect.fail(
          invalid(
            "container sharing network namespace with another container or host cannot be connected to any other network"
          )
        )
      }
      if (spec.network.endpoints[network.id] !== undefined) {
        return yield* Effect.fail(
          forbidden(`endpoint with name ${spec.name} already exists in network ${network.name}`)
        )
      }
      const endpoint: EndpointSpec = { ...given, networkId: network.id, networkName: network.name }
      const endpoints = { ...spec.network.endpoints, [network.id]: endpoint }
      const wanted = { ...snapshot, spec: { ...spec, network: { ...spec.network, endpoints } } }
      if (!isRunning(entry)) return yield* context.book.save(entry, wanted)
      const backend = yield* backendOf(context, entry)
      const launch = yield* launchOf(context, entry)
      killpoint("engine.network-connect.before-call")
      const connected = yield* backend.networks.connect(
        { ...launch, networks: [...launch.networks, network], spec: wanted.spec },
        yield* handleOf(entry),
        endpoint
      )
      killpoint("engine.network-connect.before-outcome")
      entry.handle = connected.handle
      yield* context.book.save(entry, {
        ...wanted,
        endpoints: { ...snapshot.endpoints, [network.id]: connected.facts }
      })
      killpoint("engine.network-connect.after-outcome")
    })
  )
  yield* networkEvent(context, "connect", network, { container: entry.snapshot.spec.id })
})

const disconnect = Effect.fn("engine.networks.disconnect")(function* (
  context: EngineContext,
  ref: string,
  containerRef: string
) {
  const network = yield* context.networks.resolve(ref)
  const entry = yield* context.book.resolveForChange(containerRef)
  yield* entry.lock.withPermit(
    Effect.gen(function* () {
      const { snapshot } = entry
      const { spec } = snapshot
      if (spec.network.mode === "host") {
        return yield* Effect.fail(
          invalid("container cannot be disconnected from host network or connected to host network")
        )
      }
      const { [network.id]: gone, ...endpoints } = spec.network.endpoints
      if (gone === undefined) {
        return yield* Effect.fail(forbidden(`container ${spec.id} is not connected to network ${network.name}`))
      }
      const { [network.id]: _, ...facts } = snapshot.endpoints
      if (isRunning(entry)) {
        const backend = yield* backendOf(context, entry)
        entry.handle = yield* backend.networks.disconnect(
          yield* remainingLaunchOf(context, entry),
          yield* handleOf(entry),
          network.id
        )
        killpoint("engine.network-disconnect.before-outcome")
      }
      yield* context.book.save(entry, {
        ...snapshot,
        endpoints: facts,
        spec: { ...spec, network: { ...spec.network, endpoints } }
      })
      killpoint("engine.network-disconnect.after-outcome")
    })
  )
  yield* networkEvent(context, "disconnect", network, { container: entry.snapshot.spec.id })
})

/** The verbs of `docker network`. */
export const makeNetworks = (context: EngineContext): Networks["Service"] => ({
  create: (request) => whenOpen(context, create(context, request)),
  inspect: (ref) =>
    Effect.map(
      Effect.mapError(context.networks.resolve(ref), (fault) =>
        fault.kind === "not-found" ? notFound(`network ${ref} not found`) : fault
      ),
      (spec) => snapshotOf(context, spec)
    ),
  list: (filters) => list(context, filters),
  remove: (ref) => whenOpen(context, remove(context, ref)),
  connect: (ref, containerRef, endpoint) => whenOpen(context, connect(context, ref, containerRef, endpoint)),
  disconnect: (ref, containerRef) => whenOpen(context, disconnect(context, ref, containerRef)),
  prune: (filters) => whenOpen(context, prune(context, filters))
})

import type { EndpointSpec, Launch, NetworkSpec } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import type { Dns, Endpoint, LinuxNetwork } from "@sockerless/oci-runtime"
import { Effect, Semaphore } from "effect"
import { randomBytes } from "node:crypto"
import { bridgeOf, isDefaultBridge, planNetwork } from "./bridges.ts"
import { LocalFailed } from "./faults.ts"
import type { EndpointRecord, LaunchRecord } from "./launch-record.ts"
import type { LocalOptions } from "./options.ts"
import { portRequests } from "./port-requests.ts"

/** What joining gives a start: the part of the launch record that concerns the network. */
type Joined = Pick<LaunchRecord, "netns" | "endpoints" | "ports">

/** The networks of this machine in the words of the engine, over the Linux side. */
export interface LocalNetworks {
  readonly create: (network: NetworkSpec) => Effect.Effect<NetworkSpec, Fault>
  readonly remove: (id: string) => Effect.Effect<void, Fault>
  readonly join: (launch: Launch) => Effect.Effect<Joined, Fault>
  /** Gives back all that a launch record names. Idempotent. */
  readonly leave: (id: string, record: LaunchRecord) => Effect.Effect<void, Fault>
  readonly connect: (
    launch: Launch,
    record: LaunchRecord,
    endpoint: EndpointSpec
  ) => Effect.Effect<EndpointRecord, Fault>
  readonly disconnect: (id: string, record: LaunchRecord, networkId: string) => Effect.Effect<LaunchRecord, Fault>
  readonly recover: (
    networks: ReadonlyArray<NetworkSpec>,
    running: ReadonlyArray<{ readonly id: string; readonly record: LaunchRecord }>
  ) => Effect.Effect<
    {
      readonly removed: ReadonlyArray<string>
      /** Launch records of running containers that have lost an interface. */
      readonly changed: ReadonlyArray<{ readonly id: string; readonly record: LaunchRecord }>
    },
    Fault
  >
  /** Whether one of its networks answers names, so that the container asks 127.0.0.11. */
  readonly usesResolver: (record: LaunchRecord) => boolean
}

const usesBridges = (mode: string): boolean => mode !== "host" && mode !== "none" && !mode.startsWith("container:")

/** Names under which neighbours find an endpoint: container name, aliases, short id (moby: DNSNames). */
const namesOf = (launch: Launch, endpoint: EndpointSpec): ReadonlyArray<string> => [
  ...new Set([launch.spec.name, ...endpoint.aliases, launch.spec.id.slice(0, 12)])
]

/** Endpoint ids are made, not derived: a restart of the container gets a new one, as in dockerd. */
const endpointId = (): string => randomBytes(32).toString("hex")

const toRecord = (endpoint: Endpoint, gateway: string, launch: Launch, asked?: EndpointSpec): EndpointRecord => ({
  networkId: endpoint.bridgeId,
  endpointId: endpointId(),
  ifName: endpoint.ifName,
  ip: endpoint.ip,
  prefix: endpoint.prefix,
  mac: endpoint.mac,
  gateway,
  names: asked === undefined ? [] : namesOf(launch, asked),
  upstreams: launch.spec.network.dns,
  ...(endpoint.defaultGateway === undefined ? {} : { defaultGateway: endpoint.defaultGateway })
})

const toEndpoint = (record: EndpointRecord): Endpoint => ({
  bridgeId: record.networkId,
  ifName: record.ifName,
  ip: record.ip,
  prefix: record.prefix,
  mac: record.mac,
  ...(record.defaultGateway === undefined ? {} : { defaultGateway: record.defaultGateway })
})

const requestOf = (endpoint: EndpointSpec, ifName: string, defaultRoute: boolean) => ({
  bridgeId: endpoint.networkId,
  ifName,
  defaultRoute,
  ...(endpoint.ipv4Address === undefined ? {} : { ip: endpoint.ipv4Address }),
  ...(endpoint.macAddress === undefined ? {} : { mac: endpoint.macAddress })
})

/** Keeps the resolver's zones: which container has which address and names on each user-defined network. */
const makeZones = (dns: Dns["Service"], known: ReadonlyMap<string, NetworkSpec>) => {
  const members = new Map<string, Map<string, EndpointRecord>>()
  const publish = (networkId: string) => {
    const network = known.get(networkId)
    const gateway = network?.ipam.pools[0]?.gateway
    // The default bridge answers no names, as in Docker.
    if (network === undefined || gateway === undefined || isDefaultBridge(network)) return Effect.void
    return dns.setZone(networkId, {
      networkName: network.name,
      gateway,
      internal: network.internal,
      endpoints: [...(members.get(networkId) ?? [])].map(([containerId, { ip, names, upstreams }]) => ({
        containerId,
        ip,
        names,
        upstreams
      }))
    })
  }
  return {
    publish,
    close: (networkId: string) => {
      members.delete(networkId)
      return dns.removeZone(networkId)
    },
    add: (id: string, endpoints: ReadonlyArray<EndpointRecord>) =>
      Effect.forEach(
        endpoints,
        (endpoint) => {
          const zone = members.get(endpoint.networkId) ?? new Map<string, EndpointRecord>()
          members.set(endpoint.networkId, zone.set(id, endpoint))
          return publish(endpoint.networkId)
        },
        { discard: true }
      ),
    remove: (id: string, endpoints: ReadonlyArray<EndpointRecord>) =>
      Effect.forEach(
        endpoints,
        (endpoint) =>
          members.get(endpoint.networkId)?.delete(id) === true ? publish(endpoint.networkId) : Effect.void,
        { discard: true }
      )
  }
}

/**
 * Everything the verbs below share. `known` are the networks of this daemon by id; `recovered` are those whose bridges
 * recovery has just raised, so that the first call that makes sure of one need not.
 */
const makeBook = (linux: LinuxNetwork["Service"], dns: Dns["Service"], options: LocalOptions) => {
  const known = new Map<string, NetworkSpec>()
  return {
    linux,
    options,
    known,
    zones: makeZones(dns, known),
    recovered: new Set<string>(),
    planning: Semaphore.makeUnsafe(1)
  }
}
type Book = ReturnType<typeof makeBook>

const isUserDefined = (book: Book, networkId: string): boolean => {
  const network = book.known.get(networkId)
  return network !== undefined && !isDefaultBridge(network)
}

const gatewayOf = (book: Book, networkId: string): string => book.known.get(networkId)?.ipam.pools[0]?.gateway ?? ""

const leave = (book: Book) => (id: string, record: LaunchRecord) =>
  Effect.gen(function* () {
    for (const endpoint of record.endpoints) yield* book.linux.unpublish(endpoint.endpointId)
    yield* book.zones.remove(id, record.endpoints)
    if (record.netns === undefined) return
    yield* book.linux.removeNamespace({ name: record.netns.name, endpoints: record.endpoints.map(toEndpoint) })
  })

const join = (book: Book) => (launch: Launch) =>
  Effect.gen(function* () {
    const { id, network } = launch.spec
    if (network.mode === "host" || network.mode.startsWith("container:")) return { endpoints: [], ports: [] }
    const specs = usesBridges(network.mode) ? Object.values(network.endpoints) : []
    const outward = specs.findIndex((endpoint) => book.known.get(endpoint.networkId)?.internal !== true)
    const resolverOn = specs.find((endpoint) => isUserDefined(book, endpoint.networkId))?.networkId
    const namespace = yield* book.linux.createNamespace({
      id: id.slice(0, 32),
      endpoints: specs.map((endpoint, at) => requestOf(endpoint, `eth${at}`, at === Math.max(outward, 0))),
      ...(resolverOn === undefined ? {} : { resolverOn })
    })
    const endpoints = namespace.endpoints.map((endpoint, at) =>
      toRecord(endpoint, gatewayOf(book, endpoint.bridgeId), launch, specs[at])
    )
    const netns = { name: namespace.name, path: namespace.path }
    const published = endpoints[Math.max(outward, 0)]
    const ports =
      published === undefined
        ? []
        : yield* book.linux
            .publish(
              { endpointName: launch.spec.name, endpointId: published.endpointId },
              published.ip,
              portRequests(network)
            )
            .pipe(
              Effect.tapError(() => Effect.ignore(leave(book)(id, { netns, endpoints, ports: [], cgroupPath: "" })))
            )
    yield* book.zones.add(id, endpoints)
    return { netns, endpoints, ports }
  })

const connect = (book: Book) => (launch: Launch, record: LaunchRecord, endpoint: EndpointSpec) =>
  Effect.gen(function* () {
    if (record.netns === undefined) {
      return yield* Effect.fail(
        new LocalFailed({
          step: "connect a container",
          reason: "it shares the network of the host or of another container"
        })
      )
    }
    const used = new Set(record.endpoints.map((known) => known.ifName))
    const free = Array.from({ length: used.size + 1 }, (_, at) => `eth${at}`).find((name) => !used.has(name)) ?? "eth0"
    const hasRoute = record.endpoints.some((known) => known.defaultGateway !== undefined)
    const added = yield* book.linux.connect(record.netns.name, requestOf(endpoint, free, !hasRoute))
    if (
      isUserDefined(book, endpoint.networkId) &&
      !record.endpoints.some((known) => isUserDefined(book, known.networkId))
    ) {
      yield* book.linux.resolveOn(record.netns.name, endpoint.networkId)
    }
    const made = toRecord(added, gatewayOf(book, endpoint.networkId), launch, endpoint)
    yield* book.zones.add(launch.spec.id, [made])
    return made
  })

const disconnect = (book: Book) => (id: string, record: LaunchRecord, networkId: string) =>
  Effect.gen(function* () {
    const gone = record.endpoints.find((endpoint) => endpoint.networkId === networkId)
    if (gone === undefined || record.netns === undefined) return record
    yield* book.linux.unpublish(gone.endpointId)
    yield* book.zones.remove(id, [gone])
    yield* book.linux.disconnect(record.netns.name, toEndpoint(gone))
    const left = record.endpoints.filter((endpoint) => endpoint !== gone)
    if (gone.defaultGateway === undefined) return { ...record, endpoints: left }
    const heir = left.find((endpoint) => book.known.get(endpoint.networkId)?.internal !== true)
    yield* book.linux.routeThrough(record.netns.name, heir === undefined ? undefined : toEndpoint(heir))
    const endpoints = left.map((endpoint) =>
      endpoint === heir ? Object.assign({}, endpoint, { defaultGateway: endpoint.gateway }) : endpoint
    )
    return { ...record, endpoints, ports: [] }
  })

/** One at a time, and known at once, so that two new networks cannot be given the same subnet. */
const plan = (book: Book, network: NetworkSpec) =>
  book.planning.withPermit(
    Effect.gen(function* () {
      const taken = [...book.known.values()].flatMap((other) => other.ipam.pools.map((pool) => pool.subnet))
      const planned = yield* planNetwork(network, book.options, taken)
      book.known.set(network.id, planned)
      return planned
    })
  )

const create = (book: Book) => (network: NetworkSpec) =>
  Effect.gen(function* () {
    const known = book.known.get(network.id)
    if (known !== undefined && book.recovered.delete(network.id)) return known
    const planned = known ?? (yield* plan(book, network))
    const bridge = bridgeOf(planned, book.options)
    const raise = Effect.gen(function* () {
      if (bridge !== undefined) yield* book.linux.ensureBridge(bridge)
      yield* book.zones.publish(network.id)
    })
    // A new network that could not be made leaves nothing; one that is recorded stays, to be tried again.
    yield* known === undefined ? raise.pipe(Effect.onError(() => Effect.ignore(remove(book)(network.id)))) : raise
    return planned
  })

const remove = (book: Book) => (id: string) =>
  Effect.gen(function* () {
    const network = book.known.get(id)
    const bridge = network === undefined ? undefined : bridgeOf(network, book.options)
    if (bridge !== undefined) {
      yield* book.zones.close(id)
      yield* book.linux.removeBridge(bridge)
    }
    book.known.delete(id)
  })

/** A disconnect that a crash cut after its interface had gone is completed. */
const forgetLost = (book: Book, id: string, record: LaunchRecord, lost: ReadonlySet<string>) =>
  Effect.gen(function* () {
    let left = record
    for (const { ifName, networkId } of record.endpoints) {
      if (lost.has(`${record.netns?.name}/${ifName}`)) left = yield* disconnect(book)(id, left, networkId)
    }
    return left
  })

const recover =
  (book: Book) =>
  (
    networks: ReadonlyArray<NetworkSpec>,
    running: ReadonlyArray<{ readonly id: string; readonly record: LaunchRecord }>
  ) =>
    Effect.gen(function* () {
      for (const network of networks) book.known.set(network.id, network)
      const bridges = networks.flatMap((network) => bridgeOf(network, book.options) ?? [])
      const report = yield* book.linux.recover({
        bridges,
        namespaces: running.flatMap(({ record }) =>
          record.netns === undefined ? [] : [{ name: record.netns.name, endpoints: record.endpoints.map(toEndpoint) }]
        ),
        published: running.flatMap(({ record }) =>
          record.ports.length === 0
            ? []
            : [
                {
                  endpointId:
                    record.endpoints.find((endpoint) => endpoint.ip === record.ports[0]?.containerIp)?.endpointId ?? "",
                  ports: record.ports
                }
              ]
        )
      })
      for (const network of networks) {
        yield* book.zones.publish(network.id)
        book.recovered.add(network.id)
      }
      for (const { id, record } of running) yield* book.zones.add(id, record.endpoints)
      const lost = new Set(report.lost)
      const changed = yield* Effect.forEach(running, ({ id, record }) =>
        Effect.map(forgetLost(book, id, record, lost), (now) => (now === record ? [] : [{ id, record: now }]))
      )
      return { removed: report.removed, changed: changed.flat() }
    })

/** The networks of one daemon on this machine. */
export const makeLocalNetworks = (
  linux: LinuxNetwork["Service"],
  dns: Dns["Service"],
  options: LocalOptions
): LocalNetworks => {
  const book = makeBook(linux, dns, options)
  return {
    create: create(book),
    remove: remove(book),
    join: join(book),
    leave: leave(book),
    connect: connect(book),
    disconnect: disconnect(book),
    recover: recover(book),
    usesResolver: (record) => record.endpoints.some((endpoint) => isUserDefined(book, endpoint.networkId))
  }
}

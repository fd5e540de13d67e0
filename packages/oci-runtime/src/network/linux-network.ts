import { Context, Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { type AddressRefused, NetworkFailed, type PortRefused } from "./faults.ts"
import { makeAddresses } from "./addresses.ts"
import { type Bridge, dropLinks, raiseBridge } from "./bridges.ts"
import { makeFirewall, type PublishedPort } from "./firewall.ts"
import { makeHostPorts, type PortOwner, type PortRequest } from "./host-ports.ts"
import { macOf } from "./ipv4.ts"
import { namesOf, namespacePath } from "./names.ts"
import {
  buildNamespace,
  dropNamespaces,
  type Endpoint,
  joinBridge,
  setDefaultRoute,
  setResolver
} from "./namespaces.ts"
import { makeReadyNamespaces } from "./ready-namespaces.ts"
import { type NetworkRecovery, reconcileLinks, type WantedNetwork } from "./recover.ts"

/** How one daemon instance does its networking. */
export interface LinuxNetworkOptions {
  /** 4 to 6 hex digits, kept with the state; two daemons on one machine have different ones. */
  readonly instance: string
  /** The bridge for which namespaces are made ahead, and how many. */
  readonly ready?: { readonly bridgeId: string; readonly depth: number }
  /** The port of the resolver on each bridge's gateway; 53 unless told. */
  readonly resolverPort?: number
}

/** An interface asked for; address and hardware address are chosen when absent. */
export interface EndpointRequest {
  readonly bridgeId: string
  readonly ifName: string
  readonly ip?: string
  readonly mac?: string
  readonly defaultRoute: boolean
}

/** A namespace that exists: join it by `path`; store `name` and `endpoints` for recovery. */
export interface Namespace {
  readonly name: string
  readonly path: string
  readonly endpoints: ReadonlyArray<Endpoint>
}

type Refused = NetworkFailed | AddressRefused

/** Bridges, namespaces, published ports and their recovery on this machine. Every removal takes absence for success. */
export class LinuxNetwork extends Context.Service<
  LinuxNetwork,
  {
    /** Makes the bridge and its rules exist. Idempotent. */
    readonly ensureBridge: (bridge: Bridge) => Effect.Effect<void, NetworkFailed>
    /** Removes a bridge and its rules; its endpoints must be gone. Idempotent. */
    readonly removeBridge: (bridge: {
      readonly id: string
      readonly name: string
    }) => Effect.Effect<void, NetworkFailed>
    /**
     * Makes a namespace with its endpoints; none for `--network none`. `resolverOn` names the bridge whose gateway
     * answers for 127.0.0.11. A single plain endpoint on the ready bridge costs no time.
     */
    readonly createNamespace: (request: {
      readonly id: string
      readonly endpoints: ReadonlyArray<EndpointRequest>
      readonly resolverOn?: string
    }) => Effect.Effect<Namespace, Refused>
    /** Removes a namespace and gives its addresses back. Idempotent. */
    readonly removeNamespace: (namespace: Pick<Namespace, "name" | "endpoints">) => Effect.Effect<void, NetworkFailed>
    /** Adds an interface to a living namespace. */
    readonly connect: (namespace: string, request: EndpointRequest) => Effect.Effect<Endpoint, Refused>
    /** Takes an interface away; move the default route afterwards with `routeThrough`. Idempotent. */
    readonly disconnect: (namespace: string, endpoint: Endpoint) => Effect.Effect<void, NetworkFailed>
    /** Sends a namespace's default route through one of its endpoints, or nowhere. */
    readonly routeThrough: (namespace: string, endpoint: Endpoint | undefined) => Effect.Effect<void, NetworkFailed>
    /** Makes 127.0.0.11 in a living namespace answer from a bridge's gateway. Idempotent. */
    readonly resolveOn: (namespace: string, bridgeId: string) => Effect.Effect<void, NetworkFailed>
    /** Publishes ports of an endpoint, all or none; gives the host ports chosen. */
    readonly publish: (
      owner: PortOwner,
      containerIp: string,
      requests: ReadonlyArray<PortRequest>
    ) => Effect.Effect<ReadonlyArray<PublishedPort>, NetworkFailed | PortRefused>
    /** Withdraws every port of an endpoint. Idempotent. */
    readonly unpublish: (endpointId: string) => Effect.Effect<void, NetworkFailed>
    /** Makes the machine equal to `wanted` and fills the books; call it once, before anything else. Idempotent. */
    readonly recover: (wanted: WantedNetwork) => Effect.Effect<NetworkRecovery, NetworkFailed>
  }
>()("@sockerless/oci-runtime/LinuxNetwork") {
  /** Networking with this machine's kernel, iproute2 and nftables. */
  static readonly linux = (options: LinuxNetworkOptions): Layer.Layer<LinuxNetwork> =>
    Layer.sync(LinuxNetwork, () => LinuxNetwork.of(makeLinuxNetwork(options)))
}

const makeBooks = (options: LinuxNetworkOptions) => {
  const names = namesOf(options.instance)
  const bridges = new Map<string, Bridge>()
  const published = new Map<string, ReadonlyArray<PublishedPort>>()
  const firewall = makeFirewall(names.table, () => ({
    bridges: [...bridges.values()],
    ports: [...published.values()].flat()
  }))
  const bridgeOf = (id: string): Effect.Effect<Bridge, NetworkFailed> => {
    const bridge = bridges.get(id)
    return bridge === undefined
      ? Effect.fail(new NetworkFailed({ step: `find network ${id}`, reason: "it has no bridge on this machine" }))
      : Effect.succeed(bridge)
  }
  return { names, bridges, published, firewall, bridgeOf, addresses: makeAddresses(), hostPorts: makeHostPorts() }
}

type Books = ReturnType<typeof makeBooks>

const resolverOf = (options: LinuxNetworkOptions, bridge: Bridge) => ({
  gateway: bridge.gateway,
  port: options.resolverPort ?? 53
})

const releaseAll = (books: Books, endpoints: ReadonlyArray<Endpoint>) =>
  Effect.sync(() => endpoints.forEach((endpoint) => books.addresses.release(endpoint.bridgeId, endpoint.ip)))

const decide = (books: Books, request: EndpointRequest): Effect.Effect<Endpoint, Refused> =>
  Effect.gen(function* () {
    const bridge = yield* books.bridgeOf(request.bridgeId)
    const ip = yield* books.addresses.allocate(request.bridgeId, request.ip)
    return {
      bridgeId: request.bridgeId,
      ifName: request.ifName,
      ip,
      prefix: Number(bridge.subnet.split("/")[1]),
      mac: request.mac ?? macOf(ip),
      ...(request.defaultRoute && !bridge.internal ? { defaultGateway: bridge.gateway } : {})
    }
  })

const namespaceVerbs = (options: LinuxNetworkOptions, books: Books) => {
  const build = (id: string, requests: ReadonlyArray<EndpointRequest>, resolverOn: string | undefined) =>
    Effect.gen(function* () {
      const name = books.names.namespace(id)
      const endpoints: Array<Endpoint> = []
      const undo = Effect.suspend(() =>
        Effect.ignore(
          dropNamespaces(
            [name],
            endpoints.map((endpoint) => books.names.veth(name, endpoint.bridgeId))
          )
        ).pipe(Effect.andThen(releaseAll(books, endpoints)))
      )
      return yield* Effect.gen(function* () {
        for (const request of requests) endpoints.push(yield* decide(books, request))
        const parts = yield* Effect.forEach(endpoints, (endpoint) =>
          Effect.map(books.bridgeOf(endpoint.bridgeId), (bridge) => ({ endpoint, bridge }))
        )
        const resolver = resolverOn === undefined ? undefined : resolverOf(options, yield* books.bridgeOf(resolverOn))
        yield* buildNamespace(books.names, name, { endpoints: parts, resolver })
        return { name, path: namespacePath(name), endpoints }
      }).pipe(Effect.onError(() => undo))
    })
  const readyBridge = options.ready?.bridgeId
  const ready = makeReadyNamespaces<Namespace>(
    options.ready?.depth ?? 0,
    Effect.suspend(() =>
      readyBridge === undefined || !books.bridges.has(readyBridge)
        ? Effect.succeed(undefined)
        : build(
            `ready-${randomBytes(6).toString("hex")}`,
            [{ bridgeId: readyBridge, ifName: "eth0", defaultRoute: true }],
            undefined
          )
    )
  )
  const fitsReady = (request: {
    readonly endpoints: ReadonlyArray<EndpointRequest>
    readonly resolverOn?: string
  }): boolean => {
    const [only, second] = request.endpoints
    return (
      only !== undefined &&
      second === undefined &&
      request.resolverOn === undefined &&
      only.bridgeId === readyBridge &&
      only.ifName === "eth0" &&
      only.ip === undefined &&
      only.mac === undefined &&
      only.defaultRoute
    )
  }
  return {
    ready,
    createNamespace: (request: {
      readonly id: string
      readonly endpoints: ReadonlyArray<EndpointRequest>
      readonly resolverOn?: string
    }) =>
      Effect.gen(function* () {
        const taken = fitsReady(request) ? yield* ready.take : undefined
        return taken ?? (yield* build(request.id, request.endpoints, request.resolverOn))
      }),
    removeNamespace: (namespace: Pick<Namespace, "name" | "endpoints">) =>
      dropNamespaces(
        [namespace.name],
        namespace.endpoints.map((endpoint) => books.names.veth(namespace.name, endpoint.bridgeId))
      ).pipe(Effect.andThen(releaseAll(books, namespace.endpoints))),
    connect: (namespace: string, request: EndpointRequest) =>
      Effect.gen(function* () {
        const bridge = yield* books.bridgeOf(request.bridgeId)
        const endpoint = yield* decide(books, request)
        const undo = dropLinks([books.names.veth(namespace, bridge.id)]).pipe(
          Effect.ignore,
          Effect.andThen(releaseAll(books, [endpoint]))
        )
        yield* joinBridge(books.names, namespace, endpoint, bridge).pipe(Effect.onError(() => undo))
        return endpoint
      }),
    disconnect: (namespace: string, endpoint: Endpoint) =>
      dropLinks([books.names.veth(namespace, endpoint.bridgeId)]).pipe(Effect.andThen(releaseAll(books, [endpoint]))),
    routeThrough: (namespace: string, endpoint: Endpoint | undefined) =>
      Effect.gen(function* () {
        if (endpoint === undefined) return yield* setDefaultRoute(namespace, undefined)
        const bridge = yield* books.bridgeOf(endpoint.bridgeId)
        yield* setDefaultRoute(namespace, { gateway: bridge.gateway, ifName: endpoint.ifName })
      }),
    resolveOn: (namespace: string, bridgeId: string) =>
      Effect.flatMap(books.bridgeOf(bridgeId), (bridge) => setResolver(namespace, resolverOf(options, bridge)))
  }
}

const publishVerbs = (books: Books) => {
  const unpublish = (endpointId: string) =>
    Effect.suspend(() => {
      const ports = books.published.get(endpointId)
      if (ports === undefined) return Effect.void
      books.published.delete(endpointId)
      // The booking goes last: nobody gets the port while the old rule may still stand.
      return Effect.tap(books.firewall.apply, () => Effect.sync(() => books.hostPorts.release(ports)))
    })
  return {
    unpublish,
    publish: (owner: PortOwner, containerIp: string, requests: ReadonlyArray<PortRequest>) =>
      Effect.gen(function* () {
        if (requests.length === 0) return []
        const ports = yield* books.hostPorts.book(owner, containerIp, requests)
        books.published.set(owner.endpointId, [...(books.published.get(owner.endpointId) ?? []), ...ports])
        yield* books.firewall.apply.pipe(Effect.onError(() => Effect.ignore(unpublish(owner.endpointId))))
        return ports
      })
  }
}

const makeLinuxNetwork = (options: LinuxNetworkOptions): Context.Service.Shape<typeof LinuxNetwork> => {
  const books = makeBooks(options)
  const { ready, ...namespaces } = namespaceVerbs(options, books)
  const know = (bridge: Bridge): void => {
    books.bridges.set(bridge.id, bridge)
    books.addresses.open(bridge.id, bridge)
  }
  return {
    ...namespaces,
    ...publishVerbs(books),
    ensureBridge: (bridge) =>
      Effect.gen(function* () {
        yield* raiseBridge(books.names, bridge)
        know(bridge)
        yield* books.firewall.apply
        if (bridge.id === options.ready?.bridgeId) yield* Effect.forkDetach(ready.fill)
      }),
    removeBridge: (bridge) =>
      Effect.gen(function* () {
        if (bridge.id === options.ready?.bridgeId)
          yield* Effect.forEach(yield* ready.drain, namespaces.removeNamespace, { discard: true })
        yield* dropLinks([bridge.name])
        books.bridges.delete(bridge.id)
        books.addresses.close(bridge.id)
        yield* books.firewall.apply
      }),
    recover: (wanted) =>
      Effect.gen(function* () {
        yield* ready.drain
        const report = yield* reconcileLinks(books.names, wanted)
        wanted.bridges.forEach(know)
        for (const endpoint of wanted.namespaces.flatMap((namespace) => namespace.endpoints))
          // Two records of one address are the caller's to mend; the address stays taken.
          yield* Effect.ignore(books.addresses.allocate(endpoint.bridgeId, endpoint.ip))
        for (const { endpointId, ports } of wanted.published) {
          books.published.set(endpointId, ports)
          books.hostPorts.restore(ports)
        }
        yield* books.firewall.apply
        yield* Effect.forkDetach(ready.fill)
        return report
      })
  }
}

import { killpoint } from "@sockerless/killpoints"
import { Context, Effect, Layer } from "effect"
import {
  type Books,
  decide,
  type EndpointRequest,
  type LinuxNetworkOptions,
  makeBooks,
  type Namespace,
  type NamespaceRequest,
  releaseAll,
  resolverOf
} from "./books.ts"
import { type Bridge, dropLinks, raiseBridge } from "./bridges.ts"
import { createNamespace, readyNamespaces } from "./create-namespace.ts"
import type { AddressRefused, NetworkFailed, PortRefused } from "./faults.ts"
import type { PublishedPort } from "./firewall.ts"
import type { PortOwner, PortRequest } from "./host-ports.ts"
import { dropNamespaces, type Endpoint, joinBridge, setDefaultRoute, setResolver } from "./namespaces.ts"
import { type NetworkRecovery, reconcileLinks, type WantedNetwork } from "./recover.ts"

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
    /** Makes a namespace; without endpoints for `--network none`. One plain endpoint on the ready bridge costs no time. */
    readonly createNamespace: (request: NamespaceRequest) => Effect.Effect<Namespace, Refused>
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

const namespaceVerbs = (options: LinuxNetworkOptions, books: Books) => ({
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
    dropLinks([books.names.veth(namespace, endpoint.bridgeId)]).pipe(
      Effect.tap(() => Effect.sync(() => killpoint("network.disconnect.after"))),
      Effect.andThen(releaseAll(books, [endpoint]))
    ),
  routeThrough: (namespace: string, endpoint: Endpoint | undefined) =>
    Effect.gen(function* () {
      if (endpoint === undefined) return yield* setDefaultRoute(namespace, undefined)
      const bridge = yield* books.bridgeOf(endpoint.bridgeId)
      yield* setDefaultRoute(namespace, { gateway: bridge.gateway, ifName: endpoint.ifName })
    }),
  resolveOn: (namespace: string, bridgeId: string) =>
    Effect.flatMap(books.bridgeOf(bridgeId), (bridge) => setResolver(namespace, resolverOf(options, bridge)))
})

const publishVerbs = (books: Books) => {
  const unpublish = (endpointId: string) =>
    Effect.suspend(() => {
      const ports = books.published.get(endpointId)
      if (ports === undefined) return Effect.void
      books.published.delete(endpointId)
      // The booking goes last: nobody gets the port while the old rule may still stand.
      return books.firewall.apply.pipe(
        Effect.tap(() => Effect.sync(() => books.hostPorts.release(ports))),
        Effect.tapError(() => Effect.sync(() => books.published.set(endpointId, ports))),
        Effect.uninterruptible
      )
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
      }).pipe(Effect.uninterruptible)
  }
}

const makeLinuxNetwork = (options: LinuxNetworkOptions): (typeof LinuxNetwork)["Service"] => {
  const books = makeBooks(options)
  const ready = readyNamespaces(options, books)
  const namespaces = namespaceVerbs(options, books)
  const know = (bridge: Bridge): void => {
    books.bridges.set(bridge.id, bridge)
    books.addresses.open(bridge.id, bridge)
  }
  return {
    ...namespaces,
    ...publishVerbs(books),
    createNamespace: (request) => createNamespace(options, books, ready, request),
    ensureBridge: (bridge) =>
      Effect.gen(function* () {
        yield* raiseBridge(books.names, bridge)
        know(bridge)
        yield* books.firewall.apply
        if (bridge.name === options.ready?.bridge) yield* Effect.forkDetach(ready.fill)
      }),
    removeBridge: (bridge) =>
      Effect.gen(function* () {
        if (bridge.name === options.ready?.bridge)
          yield* Effect.forEach(yield* ready.drain, namespaces.removeNamespace, { discard: true })
        killpoint("network.bridge.before-remove")
        yield* dropLinks([bridge.name])
        killpoint("network.bridge.after-remove")
        books.bridges.delete(bridge.id)
        books.addresses.close(bridge.id)
        yield* books.firewall.apply
      }),
    recover: (wanted) =>
      Effect.gen(function* () {
        for (const namespace of yield* ready.drain) yield* releaseAll(books, namespace.endpoints)
        wanted.bridges.forEach(know)
        for (const endpoint of wanted.namespaces.flatMap((namespace) => namespace.endpoints))
          // Two records of one address are the caller's to mend; the address stays taken.
          yield* Effect.ignore(books.addresses.allocate(endpoint.bridgeId, endpoint.ip))
        for (const ports of books.published.values()) books.hostPorts.release(ports)
        books.published.clear()
        for (const { endpointId, ports } of wanted.published) {
          books.published.set(endpointId, ports)
          books.hostPorts.restore(ports)
        }
        // The rules name interfaces, they do not need them: both go at once.
        const links = reconcileLinks(books.names, wanted).pipe(
          Effect.tap(() => Effect.sync(() => killpoint("network.recover.after-links")))
        )
        const rules = books.firewall.rewrite.pipe(
          Effect.tap(() => Effect.sync(() => killpoint("network.recover.after-firewall")))
        )
        const [report] = yield* Effect.all([links, rules], { concurrency: 2 })
        yield* Effect.forkDetach(ready.fill)
        return report
      })
  }
}

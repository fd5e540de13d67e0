import { Effect } from "effect"
import { type Addresses, makeAddresses } from "./addresses.ts"
import type { Bridge } from "./bridges.ts"
import { type AddressRefused, NetworkFailed } from "./faults.ts"
import { type Firewall, makeFirewall, type PublishedPort } from "./firewall.ts"
import { type HostPorts, makeHostPorts } from "./host-ports.ts"
import { macOf } from "./ipv4.ts"
import { type Names, namesOf } from "./names.ts"
import type { Endpoint, ResolverAddress } from "./namespaces.ts"

/** How one daemon instance does its networking. */
export interface LinuxNetworkOptions {
  /** 4 to 6 hex digits, kept with the state; two daemons on one machine have different ones. */
  readonly instance: string
  /** The bridge, by its interface name, for which namespaces are made ahead, and how many. */
  readonly ready?: { readonly bridge: string; readonly depth: number }
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

/** Everything a new namespace starts with. */
export interface NamespaceRequest {
  readonly id: string
  readonly endpoints: ReadonlyArray<EndpointRequest>
  /** The bridge whose gateway answers for 127.0.0.11. */
  readonly resolverOn?: string
}

/** A namespace that exists: join it by `path`; store `name` and `endpoints` for recovery. */
export interface Namespace {
  readonly name: string
  readonly path: string
  readonly endpoints: ReadonlyArray<Endpoint>
}

/** What one instance knows of its networks; rebuilt at recovery. */
export interface Books {
  readonly names: Names
  readonly bridges: Map<string, Bridge>
  readonly published: Map<string, ReadonlyArray<PublishedPort>>
  readonly firewall: Firewall
  readonly bridgeOf: (id: string) => Effect.Effect<Bridge, NetworkFailed>
  readonly addresses: Addresses
  readonly hostPorts: HostPorts
}

/** Opens empty books. */
export const makeBooks = (options: LinuxNetworkOptions): Books => {
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

/** Where the resolver of a bridge listens. */
export const resolverOf = (options: LinuxNetworkOptions, bridge: Bridge): ResolverAddress => ({
  gateway: bridge.gateway,
  port: options.resolverPort ?? 53
})

/** Gives the addresses of endpoints back. */
export const releaseAll = (books: Books, endpoints: ReadonlyArray<Endpoint>): Effect.Effect<void> =>
  Effect.sync(() => endpoints.forEach((endpoint) => books.addresses.release(endpoint.bridgeId, endpoint.ip)))

/** Settles what a request left open, taking its address. */
export const decide = (
  books: Books,
  request: EndpointRequest
): Effect.Effect<Endpoint, NetworkFailed | AddressRefused> =>
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

/**
 * Recovery makes the machine equal to the wanted state. Invariants: only what carries this instance's device group or
 * name prefix is removed; a wanted namespace that exists is never rebuilt, because a container lives in it; every
 * step is idempotent, so that a crash in the middle is mended by the next run.
 */
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { type Bridge, ownLinks, raiseBridges } from "./bridges.ts"
import type { NetworkFailed } from "./faults.ts"
import type { PublishedPort } from "./firewall.ts"
import { type Names, namespacePath } from "./names.ts"
import { dropNamespaces, type Endpoint, ownNamespaces } from "./namespaces.ts"

/** What should exist after recovery. */
export interface WantedNetwork {
  readonly bridges: ReadonlyArray<Bridge>
  readonly namespaces: ReadonlyArray<{ readonly name: string; readonly endpoints: ReadonlyArray<Endpoint> }>
  readonly published: ReadonlyArray<{ readonly endpointId: string; readonly ports: ReadonlyArray<PublishedPort> }>
}

/** What recovery did; `lost` are wanted namespaces or interfaces that are gone, as after a reboot. */
export interface NetworkRecovery {
  readonly removed: ReadonlyArray<string>
  readonly restoredBridges: ReadonlyArray<string>
  readonly lost: ReadonlyArray<string>
}

/** Removes strays and brings bridges back; the firewall and the books are the caller's next step. */
export const reconcileLinks = (names: Names, wanted: WantedNetwork): Effect.Effect<NetworkRecovery, NetworkFailed> =>
  Effect.gen(function* () {
    const before = yield* ownLinks(names)
    const bridgeNames = new Set(wanted.bridges.map((bridge) => bridge.name))
    const wantedNames = new Set(wanted.namespaces.map((namespace) => namespace.name))
    const ports = wanted.namespaces.flatMap(({ name, endpoints }) =>
      endpoints.map((endpoint) => ({ name, endpoint, veth: names.veth(name, endpoint.bridgeId) }))
    )
    const wantedVeths = new Set(ports.map((port) => port.veth))
    const strayNamespaces = ownNamespaces(names).filter((name) => !wantedNames.has(name))
    const isStray = (link: { readonly name: string; readonly kind: string }): boolean =>
      link.kind === "bridge" ? !bridgeNames.has(link.name) : !wantedVeths.has(link.name)
    const strays = before.filter(isStray).map((link) => link.name)
    yield* dropNamespaces(strayNamespaces, strays)
    const present = new Set(before.map((link) => link.name).filter((name) => !strays.includes(name)))
    const bridgeOf = new Map(wanted.bridges.map((bridge) => [bridge.id, bridge]))
    // A bridge that had to be made again has lost its ports; enslaving a port twice changes nothing.
    const enslave = ports.flatMap((port) => {
      const bridge = bridgeOf.get(port.endpoint.bridgeId)
      return bridge !== undefined && present.has(port.veth)
        ? [`link set dev ${port.veth} master ${bridge.name} up`]
        : []
    })
    yield* raiseBridges(names, wanted.bridges, present, enslave)
    const existed = new Set(before.map((link) => link.name))
    return {
      removed: [...strayNamespaces, ...strays],
      restoredBridges: wanted.bridges.map((bridge) => bridge.name).filter((name) => !existed.has(name)),
      lost: [
        ...[...wantedNames].filter((name) => !existsSync(namespacePath(name))),
        ...ports.filter((port) => !present.has(port.veth)).map((port) => `${port.name}/${port.endpoint.ifName}`)
      ]
    }
  })

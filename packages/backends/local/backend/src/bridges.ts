import type { NetworkSpec } from "@sockerless/backend-contract"
import {
  type Bridge,
  bridgeNameOf,
  hostSubnets,
  type NetworkFailed,
  planSubnet,
  type AddressRefused
} from "@sockerless/oci-runtime"
import { Effect } from "effect"
import { LocalUnsupported } from "./faults.ts"
import type { LocalOptions } from "./options.ts"

const NAME_OPTION = "com.docker.network.bridge.name"
const ICC_OPTION = "com.docker.network.bridge.enable_icc"
const MASQUERADE_OPTION = "com.docker.network.bridge.enable_ip_masquerade"
const MTU_OPTION = "com.docker.network.driver.mtu"
const knownOptions = new Set([
  NAME_OPTION,
  ICC_OPTION,
  MASQUERADE_OPTION,
  MTU_OPTION,
  "com.docker.network.bridge.default_bridge"
])
const DEFAULT_MTU = 1500

/** The network every container joins that names none. */
export const isDefaultBridge = (network: NetworkSpec): boolean =>
  network.driver === "bridge" && network.name === "bridge"

/** The bridge of a planned network; undefined for networks without one (host, none) or without a subnet yet. */
export const bridgeOf = (network: NetworkSpec, options: LocalOptions): Bridge | undefined => {
  const [pool] = network.ipam.pools
  if (network.driver !== "bridge" || pool?.gateway === undefined) return undefined
  const ownName = isDefaultBridge(network) ? `sl-${options.instanceId}` : bridgeNameOf(network.id)
  return {
    id: network.id,
    name: network.options[NAME_OPTION] ?? ownName,
    subnet: pool.subnet,
    gateway: pool.gateway,
    auxAddresses: pool.auxiliaryAddresses ?? {},
    ...(pool.ipRange === undefined ? {} : { ipRange: pool.ipRange }),
    internal: network.internal,
    mtu: Number(network.options[MTU_OPTION] ?? options.defaultBridge.mtu ?? DEFAULT_MTU),
    masquerade: network.options[MASQUERADE_OPTION] !== "false",
    icc: network.options[ICC_OPTION] !== "false"
  }
}

const refusal = (network: NetworkSpec): LocalUnsupported | undefined => {
  const unknown = Object.keys(network.options).find(
    (key) => key.startsWith("com.docker.network.") && !knownOptions.has(key)
  )
  if (network.driver !== "bridge" && network.driver !== "host" && network.driver !== "null") {
    return new LocalUnsupported({ option: `network driver "${network.driver}"`, wayOut: "use the driver bridge" })
  }
  if (unknown !== undefined) {
    return new LocalUnsupported({
      option: `network option "${unknown}"`,
      wayOut: `use ${[...knownOptions].join(", ")}`
    })
  }
  if (network.enableIPv6) {
    return new LocalUnsupported({ option: "IPv6 networks", wayOut: "create the network without --ipv6" })
  }
  if (network.ipam.pools.length > 1) {
    return new LocalUnsupported({ option: "more than one subnet in a network", wayOut: "give one --subnet" })
  }
  return undefined
}

/** Settles what a new network left open: subnet and gateway. `taken` are the subnets of our other networks. */
export const planNetwork = Effect.fnUntraced(function* (
  network: NetworkSpec,
  options: LocalOptions,
  taken: ReadonlyArray<string>
): Effect.fn.Return<NetworkSpec, LocalUnsupported | AddressRefused | NetworkFailed> {
  const refused = refusal(network)
  if (refused !== undefined) return yield* Effect.fail(refused)
  if (network.driver !== "bridge") return network
  const [asked] = network.ipam.pools
  const bip = isDefaultBridge(network) ? options.defaultBridge.address : undefined
  const request =
    bip === undefined
      ? {
          ...(asked?.subnet === undefined || asked.subnet === "" ? {} : { subnet: asked.subnet }),
          ...(asked?.gateway === undefined ? {} : { gateway: asked.gateway }),
          ...(asked?.ipRange === undefined ? {} : { ipRange: asked.ipRange }),
          ...(asked?.auxiliaryAddresses === undefined ? {} : { auxAddresses: asked.auxiliaryAddresses })
        }
      : { subnet: bip, gateway: bip.split("/")[0] ?? bip }
  const plan = yield* planSubnet(request, { networks: taken, host: yield* hostSubnets })
  const pool = {
    subnet: plan.subnet,
    gateway: plan.gateway,
    ...(plan.ipRange === undefined ? {} : { ipRange: plan.ipRange }),
    ...(Object.keys(plan.auxAddresses).length === 0 ? {} : { auxiliaryAddresses: plan.auxAddresses })
  }
  return { ...network, ipam: { ...network.ipam, pools: [pool] } }
})

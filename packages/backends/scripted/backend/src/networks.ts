import type { BackendShape, EndpointFacts, EndpointSpec, NetworkSpec } from "@sockerless/backend-contract"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { idOf, type ScriptedPlace } from "./place.ts"
import type { Workload } from "./workload.ts"

/** Facts that follow from workload and network alone, so that they are the same at every look. */
export const endpointFacts = (
  network: NetworkSpec | undefined,
  workload: Workload,
  endpoint: EndpointSpec
): EndpointFacts => {
  const { spec } = workload.launch
  const digest = createHash("sha256").update(`${spec.id}:${endpoint.networkId}`).digest()
  const [pool] = network?.ipam.pools ?? []
  const [base = "", prefix = "24"] = (pool?.subnet ?? "").split("/")
  const chosen = `${base.split(".").slice(0, 3).join(".")}.${2 + ((digest[0] ?? 0) % 250)}`
  return {
    endpointId: digest.toString("hex"),
    ipAddress: endpoint.ipv4Address ?? (base === "" ? "" : chosen),
    prefixLength: Number(prefix),
    gateway: pool?.gateway ?? "",
    macAddress:
      endpoint.macAddress ?? ["02", ...[1, 2, 3, 4, 5].map((at) => digest.toString("hex", at, at + 1))].join(":"),
    ipv6Address: "",
    ipv6PrefixLength: 0,
    ipv6Gateway: "",
    dnsNames: [...new Set([spec.name, ...endpoint.aliases, spec.id.slice(0, 12)])]
  }
}

const planned = (place: ScriptedPlace, network: NetworkSpec): NetworkSpec => {
  const [pool] = network.ipam.pools
  if (network.driver !== "bridge") return network
  const subnet = pool?.subnet ?? `10.77.${place.nextSubnet()}.0/24`
  const gateway = pool?.gateway ?? `${subnet.split(".").slice(0, 3).join(".")}.1`
  return { ...network, ipam: { ...network.ipam, pools: [{ ...pool, subnet, gateway }] } }
}

/** Networks of the place: addresses are given, nothing is wired. */
export const networksOf = (place: ScriptedPlace): BackendShape["networks"] => ({
  create: (network) =>
    place.step(
      "networks.create",
      network.id,
      Effect.sync(() => {
        const made = place.networks.get(network.id) ?? planned(place, network)
        place.networks.set(network.id, made)
        return made
      })
    ),
  remove: (id) =>
    place.step(
      "networks.remove",
      id,
      Effect.sync(() => void place.networks.delete(id))
    ),
  connect: (launch, handle, endpoint) =>
    place.step(
      "networks.connect",
      launch.spec.id,
      Effect.map(place.of(idOf(handle)), (workload) => {
        const facts = endpointFacts(place.networks.get(endpoint.networkId), workload, endpoint)
        workload.endpoints.set(endpoint.networkId, facts)
        return { handle, facts }
      })
    ),
  disconnect: (launch, handle, networkId) =>
    place.step(
      "networks.disconnect",
      launch.spec.id,
      Effect.map(place.of(idOf(handle)), (workload) => {
        workload.endpoints.delete(networkId)
        return handle
      })
    )
})

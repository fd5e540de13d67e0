import { Dns, hostSubnets, LinuxNetwork, planSubnet, type Bridge, type Endpoint } from "@sockerless/oci-runtime"
import { Effect, Schema } from "effect"
import { randomInt } from "node:crypto"
import type { Simulation } from "../simulation.ts"
import type { Table } from "../table.ts"
import { atStage, type WorkloadFailed } from "./faults.ts"
import type { WorkloadGroup } from "./request.ts"

const NetworkRecord = Schema.Struct({ subnet: Schema.String, gateway: Schema.String })
const GroupRecord = Schema.Struct({
  id: Schema.String,
  ip: Schema.String,
  mac: Schema.String,
  prefix: Schema.Number,
  namespace: Schema.String,
  path: Schema.String,
  gateway: Schema.String
})
type GroupRecord = typeof GroupRecord.Type

const BRIDGE_ID = "workloads"
const TRIES = 50
const DEFAULT_MTU = 1500

/** Subnets of /24 in the middle of 10/8, where neither Docker nor the local backend look for theirs. */
const randomSubnet = (): string => `10.${randomInt(64, 128)}.${randomInt(0, 256)}.0/24`

const chooseSubnet = Effect.gen(function* () {
  const host = yield* hostSubnets
  return yield* planSubnet({ subnet: randomSubnet() }, { networks: host, host: [] })
}).pipe(Effect.retry({ times: TRIES }), Effect.mapError(atStage("network")))

const endpointOf = (record: GroupRecord): Endpoint => ({
  bridgeId: BRIDGE_ID,
  ifName: "eth0",
  ip: record.ip,
  prefix: record.prefix,
  mac: record.mac,
  defaultGateway: record.gateway
})

/** Network groups of workloads on one bridge of this machine, durable, with names that all of them can resolve. */
export interface GroupNetwork {
  readonly gateway: string
  readonly subnet: string
  /** Gives a group its interface. Idempotent. */
  readonly join: (id: string) => Effect.Effect<WorkloadGroup, WorkloadFailed>
  /** Takes it away. Idempotent. */
  readonly leave: (id: string) => Effect.Effect<void, WorkloadFailed>
  readonly pathOf: (id: string) => string | undefined
  readonly setNames: (names: ReadonlyMap<string, ReadonlyArray<string>>) => Effect.Effect<void, WorkloadFailed>
  /** Ids of groups that had an interface when the simulator last ran. */
  readonly known: () => ReadonlyArray<string>
  /** Takes the bridge down; nothing may be on it any more. */
  readonly dismantle: Effect.Effect<void, WorkloadFailed>
}

/** Opens the subnet that was chosen before, or chooses one. */
const planOf = Effect.fnUntraced(function* (simulation: Simulation) {
  const networks = yield* simulation.book.table("workload/network", NetworkRecord)
  const chosen = networks.get(BRIDGE_ID) ?? (yield* chooseSubnet)
  const plan = networks.put(BRIDGE_ID, { subnet: chosen.subnet, gateway: chosen.gateway })
  yield* simulation.book.settle
  return plan
})

const setNamesOn =
  (dns: Dns["Service"], gateway: string): GroupNetwork["setNames"] =>
  (names) =>
    dns
      .setZone(BRIDGE_ID, {
        networkName: "workloads.invalid",
        gateway,
        internal: false,
        endpoints: [...names].flatMap(([name, ips]) =>
          ips.map((ip) => ({ containerId: `${name} ${ip}`, ip, names: [name] }))
        )
      })
      .pipe(Effect.mapError(atStage("network")))

const groupVerbs = (
  simulation: Simulation,
  linux: LinuxNetwork["Service"],
  groups: Table<GroupRecord>,
  gateway: string
): Pick<GroupNetwork, "join" | "leave"> => ({
  join: Effect.fnUntraced(function* (id: string) {
    const known = groups.get(id)
    if (known !== undefined) return known
    const namespace = yield* linux
      .createNamespace({
        id: id.slice(0, 24),
        endpoints: [{ bridgeId: BRIDGE_ID, ifName: "eth0", defaultRoute: true }],
        resolverOn: BRIDGE_ID
      })
      .pipe(Effect.mapError(atStage("network")))
    const [endpoint] = namespace.endpoints
    const record = groups.put(id, {
      id,
      ip: endpoint?.ip ?? "",
      mac: endpoint?.mac ?? "",
      prefix: endpoint?.prefix ?? 24,
      namespace: namespace.name,
      path: namespace.path,
      gateway
    })
    yield* simulation.book.settle
    return record
  }),
  leave: Effect.fnUntraced(function* (id: string) {
    const record = groups.get(id)
    if (record === undefined) return
    yield* linux
      .removeNamespace({ name: record.namespace, endpoints: [endpointOf(record)] })
      .pipe(Effect.mapError(atStage("network")))
    groups.delete(id)
    yield* simulation.book.settle
  })
})

/** Raises the bridge, or finds the one of the last run with everything on it. */
export const makeGroupNetwork = Effect.fnUntraced(function* (simulation: Simulation, instance: string) {
  const linux = yield* LinuxNetwork
  const dns = yield* Dns
  const groups = yield* simulation.book.table("workload/groups", GroupRecord)
  const plan = yield* planOf(simulation)
  const bridge: Bridge = {
    ...plan,
    auxAddresses: {},
    id: BRIDGE_ID,
    name: `sim-${instance}`,
    internal: false,
    mtu: DEFAULT_MTU,
    masquerade: true,
    icc: true
  }
  yield* linux
    .recover({
      bridges: [bridge],
      namespaces: groups.all().map((group) => ({ name: group.namespace, endpoints: [endpointOf(group)] })),
      published: []
    })
    .pipe(Effect.mapError(atStage("network")))
  const setNames = setNamesOn(dns, plan.gateway)
  yield* setNames(new Map())
  const network: GroupNetwork = {
    gateway: plan.gateway,
    subnet: plan.subnet,
    ...groupVerbs(simulation, linux, groups, plan.gateway),
    pathOf: (id) => groups.get(id)?.path,
    setNames,
    known: () => groups.all().map(({ id }) => id),
    dismantle: Effect.andThen(
      dns.removeZone(BRIDGE_ID),
      linux.removeBridge({ id: BRIDGE_ID, name: bridge.name }).pipe(Effect.mapError(atStage("network")))
    )
  }
  return network
})

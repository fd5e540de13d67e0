import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import type { Bridge } from "./bridges.ts"
import { runIpBatch, runTool } from "./command.ts"
import { NetworkFailed } from "./faults.ts"
import { NAMESPACE_FOLDER, type Names, namespacePath } from "./names.ts"

/** One interface of a namespace, fully decided. */
export interface Endpoint {
  readonly bridgeId: string
  readonly ifName: string
  readonly ip: string
  readonly prefix: number
  readonly mac: string
  /** Set where this endpoint carries the default route. */
  readonly defaultGateway?: string
}

/**
 * Whether frames inside a bridge pass the firewall. Where they do not (no br_netfilter), icc=false needs isolated
 * ports; where they do, isolated ports would also stop what is published.
 */
const bridgeCallsFirewall = (): boolean => {
  const file = "/proc/sys/net/bridge/bridge-nf-call-iptables"
  return existsSync(file) && readFileSync(file, "utf8").trim() === "1"
}

const outside = (names: Names, namespace: string, endpoint: Endpoint, bridge: Bridge): ReadonlyArray<string> => {
  const veth = names.veth(namespace, bridge.id)
  return [
    `link add name ${veth} group ${names.deviceGroup} mtu ${bridge.mtu} type veth peer name ${endpoint.ifName} address ${endpoint.mac} mtu ${bridge.mtu} netns ${namespace}`,
    `link set dev ${veth} master ${bridge.name} up`,
    // With br_netfilter a translated packet is bridged, not routed: back out of its own port only in hairpin mode.
    `link set dev ${veth} type bridge_slave hairpin on`,
    ...(bridge.icc || bridgeCallsFirewall() ? [] : [`link set dev ${veth} type bridge_slave isolated on`])
  ]
}

const inside = (endpoint: Endpoint): ReadonlyArray<string> => [
  `link set dev ${endpoint.ifName} up`,
  `addr add ${endpoint.ip}/${endpoint.prefix} brd + dev ${endpoint.ifName}`,
  ...(endpoint.defaultGateway === undefined
    ? []
    : [`route replace default via ${endpoint.defaultGateway} dev ${endpoint.ifName}`])
]

const settings = (endpoints: ReadonlyArray<Endpoint>): ReadonlyArray<string> => [
  "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start",
  "echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range",
  // Docker's containers without IPv6 have none on their interfaces; it also spares duplicate address detection.
  ...endpoints.map(
    (endpoint) => `f=/proc/sys/net/ipv6/conf/${endpoint.ifName}/disable_ipv6; [ ! -e $f ] || echo 1 > $f`
  )
]

/** The rules that make 127.0.0.11 in a container answer from the daemon's resolver on the bridge. */
const resolverScript = (gateway: string, port: number): string => `table ip sockerless-dns {}
delete table ip sockerless-dns
table ip sockerless-dns {
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr 127.0.0.11 udp dport 53 dnat to ${gateway}:${port}
    ip daddr 127.0.0.11 tcp dport 53 dnat to ${gateway}:${port}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip daddr ${gateway} ip saddr 127.0.0.0/8 masquerade
  }
}`

const heredoc = (command: string, text: string): string => `${command} <<'END'\n${text}\nEND`

const within = (namespace: string, script: ReadonlyArray<string>): Effect.Effect<void, NetworkFailed> =>
  Effect.asVoid(runTool(["nsenter", `--net=${namespacePath(namespace)}`, "sh", "-e"], `${script.join("\n")}\n`))

/** Where the resolver of a namespace listens. */
export interface ResolverAddress {
  readonly gateway: string
  readonly port: number
}

const resolverSteps = (resolver: ResolverAddress | undefined): ReadonlyArray<string> =>
  resolver === undefined
    ? []
    : [
        "echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet",
        heredoc("nft -f -", resolverScript(resolver.gateway, resolver.port))
      ]

/** Creates a namespace with loopback up and its endpoints connected: two processes, whatever the number of endpoints. */
export const buildNamespace = (
  names: Names,
  namespace: string,
  parts: {
    readonly endpoints: ReadonlyArray<{ readonly endpoint: Endpoint; readonly bridge: Bridge }>
    readonly resolver?: ResolverAddress | undefined
  }
): Effect.Effect<void, NetworkFailed> =>
  Effect.gen(function* () {
    killpoint("network.namespace.before-create")
    yield* runIpBatch([
      `netns add ${namespace}`,
      ...parts.endpoints.flatMap(({ endpoint, bridge }) => outside(names, namespace, endpoint, bridge))
    ])
    killpoint("network.namespace.half-created")
    const endpoints = parts.endpoints.map(({ endpoint }) => endpoint)
    yield* within(namespace, [
      ...settings(endpoints),
      heredoc("ip -batch -", ["link set dev lo up", ...endpoints.flatMap(inside)].join("\n")),
      ...resolverSteps(parts.resolver)
    ])
    killpoint("network.namespace.after-create")
  })

/** Adds an interface to a living namespace. */
export const joinBridge = (
  names: Names,
  namespace: string,
  endpoint: Endpoint,
  bridge: Bridge
): Effect.Effect<void, NetworkFailed> =>
  Effect.gen(function* () {
    killpoint("network.connect.before")
    yield* runIpBatch(outside(names, namespace, endpoint, bridge))
    yield* within(namespace, [...settings([endpoint]), heredoc("ip -batch -", inside(endpoint).join("\n"))])
    killpoint("network.connect.after")
  })

/** Points a living namespace's default route at an endpoint's gateway, or takes it away. */
export const setDefaultRoute = (
  namespace: string,
  route: { readonly gateway: string; readonly ifName: string } | undefined
): Effect.Effect<void, NetworkFailed> =>
  within(namespace, [
    route === undefined
      ? 'ip route del default 2>/dev/null || [ -z "$(ip route show default)" ]'
      : `ip route replace default via ${route.gateway} dev ${route.ifName}`
  ])

/** Makes 127.0.0.11 answer from the resolver on a bridge. Idempotent. */
export const setResolver = (namespace: string, resolver: ResolverAddress): Effect.Effect<void, NetworkFailed> =>
  within(namespace, resolverSteps(resolver))

/** Removes namespaces with their interfaces. Absent ones, and half-made ones, are fine. */
export const dropNamespaces = (
  namespaces: ReadonlyArray<string>,
  veths: ReadonlyArray<string>
): Effect.Effect<void, NetworkFailed> =>
  Effect.gen(function* () {
    killpoint("network.namespace.before-remove")
    yield* runIpBatch(
      [
        ...veths.map((veth) => `link del dev ${veth}`),
        ...namespaces.filter((name) => existsSync(namespacePath(name))).map((name) => `netns del ${name}`)
      ],
      true
    )
    yield* Effect.try({
      // A file without a mount on it is what a crash inside "netns add" leaves; iproute2 does not remove it.
      try: () => namespaces.forEach((name) => rmSync(namespacePath(name), { force: true })),
      catch: (cause) => new NetworkFailed({ step: `remove namespaces ${namespaces.join(" ")}`, reason: String(cause) })
    })
    killpoint("network.namespace.after-remove")
  })

/** The names of this instance's namespaces that exist. */
export const ownNamespaces = (names: Names): ReadonlyArray<string> =>
  existsSync(NAMESPACE_FOLDER)
    ? readdirSync(NAMESPACE_FOLDER).filter((name) => name.startsWith(names.namespacePrefix))
    : []

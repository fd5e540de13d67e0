import type { ContainerSnapshot } from "@sockerless/engine"

type EndpointSpec = ContainerSnapshot["spec"]["network"]["endpoints"][string]
type EndpointFacts = ContainerSnapshot["endpoints"][string]

const listOrNull = (list: ReadonlyArray<string>) => (list.length === 0 ? null : list)
const mapOrNull = (map: Readonly<Record<string, string>>) => (Object.keys(map).length === 0 ? null : map)

const ipamOf = (spec: EndpointSpec | undefined) =>
  spec?.ipv4Address === undefined && spec?.ipv6Address === undefined
    ? null
    : {
        ...(spec.ipv4Address === undefined ? {} : { IPv4Address: spec.ipv4Address }),
        ...(spec.ipv6Address === undefined ? {} : { IPv6Address: spec.ipv6Address })
      }

/** Aliases as given from 1.45; before, the short id belonged to them. */
const aliasesOf = (spec: EndpointSpec, id: string, minor: number) => {
  const isDefault = spec.networkName === "bridge"
  return listOrNull(minor < 45 && !isDefault ? [...spec.aliases, id.slice(0, 12)] : spec.aliases)
}

const endpointJson = (
  spec: EndpointSpec | undefined,
  facts: EndpointFacts | undefined,
  aliases: ReadonlyArray<string> | null,
  minor: number
) => ({
  IPAMConfig: ipamOf(spec),
  Links: listOrNull(spec?.links ?? []),
  Aliases: aliases,
  MacAddress: facts?.macAddress ?? (minor >= 44 ? (spec?.macAddress ?? "") : ""),
  DriverOpts: mapOrNull(spec?.driverOptions ?? {}),
  ...(minor >= 48 ? { GwPriority: 0 } : {}),
  NetworkID: spec?.networkId ?? "",
  EndpointID: facts?.endpointId ?? "",
  Gateway: facts?.gateway ?? "",
  IPAddress: facts?.ipAddress ?? "",
  IPPrefixLen: facts?.prefixLength ?? 0,
  IPv6Gateway: facts?.ipv6Gateway ?? "",
  GlobalIPv6Address: facts?.ipv6Address ?? "",
  GlobalIPv6PrefixLen: facts?.ipv6PrefixLength ?? 0,
  ...(minor >= 44 ? { DNSNames: listOrNull(facts?.dnsNames ?? []) } : {})
})

/** `NetworkSettings.Networks`: by network name; `host` and `none` are listed although they have no endpoint. */
export const networksJson = (snapshot: ContainerSnapshot, minor: number): Record<string, unknown> => {
  const { network, id } = snapshot.spec
  const endpoints = Object.entries(network.endpoints).map(([networkId, spec]) => [
    spec.networkName,
    endpointJson(spec, snapshot.endpoints[networkId], aliasesOf(spec, id, minor), minor)
  ])
  if (endpoints.length === 0 && (network.mode === "host" || network.mode === "none")) {
    return { [network.mode]: endpointJson(undefined, undefined, null, minor) }
  }
  return Object.fromEntries(endpoints)
}

const isUp = (snapshot: ContainerSnapshot) => snapshot.state.pid > 0

const portKey = (port: { readonly containerPort: number; readonly protocol: string }) =>
  `${port.containerPort}/${port.protocol}`

/** `NetworkSettings.Ports` while it runs: bindings of published ports, null for exposed ones. */
export const portsJson = (snapshot: ContainerSnapshot): Record<string, unknown> => {
  if (!isUp(snapshot)) return {}
  const ports: Record<string, Array<unknown> | null> = {}
  for (const exposed of snapshot.spec.network.exposedPorts) ports[exposed] = null
  for (const port of snapshot.ports) {
    const bound = (ports[portKey(port)] ??= [])
    bound.push({ HostIp: port.hostIp, HostPort: String(port.hostPort) })
  }
  return ports
}

/** `Ports` of the list: one entry for each host address, exposed ones without a public port. */
export const portList = (snapshot: ContainerSnapshot): ReadonlyArray<unknown> => {
  if (!isUp(snapshot)) return []
  const published = new Set(snapshot.ports.map(portKey))
  const exposed = snapshot.spec.network.exposedPorts
    .filter((port) => !published.has(port))
    .map((port) => ({ PrivatePort: Number(port.split("/")[0]), Type: port.split("/")[1] ?? "tcp" }))
  return [
    ...exposed,
    ...snapshot.ports.map((port) => ({
      IP: port.hostIp,
      PrivatePort: port.containerPort,
      PublicPort: port.hostPort,
      Type: port.protocol
    }))
  ]
}

/** `NetworkSettings` of inspect, with the top-level facts of the default bridge that go away in 1.52. */
export const networkSettingsJson = (snapshot: ContainerSnapshot, minor: number): Record<string, unknown> => {
  const onBridge = Object.entries(snapshot.spec.network.endpoints).find(([, spec]) => spec.networkName === "bridge")
  const facts = onBridge === undefined ? undefined : snapshot.endpoints[onBridge[0]]
  return {
    Bridge: "",
    SandboxID: isUp(snapshot) ? snapshot.spec.id : "",
    SandboxKey: isUp(snapshot) ? `/proc/${snapshot.state.pid}/ns/net` : "",
    Ports: portsJson(snapshot),
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: facts?.endpointId ?? "",
    Gateway: facts?.gateway ?? "",
    GlobalIPv6Address: facts?.ipv6Address ?? "",
    GlobalIPv6PrefixLen: facts?.ipv6PrefixLength ?? 0,
    IPAddress: facts?.ipAddress ?? "",
    IPPrefixLen: facts?.prefixLength ?? 0,
    IPv6Gateway: facts?.ipv6Gateway ?? "",
    MacAddress: facts?.macAddress ?? "",
    Networks: networksJson(snapshot, minor)
  }
}

/** `Mounts` of inspect and list. */
export const mountsJson = (snapshot: ContainerSnapshot): ReadonlyArray<unknown> =>
  snapshot.mounts.map((mount) => ({
    Type: mount.type,
    ...(mount.name === undefined || mount.name === "" ? {} : { Name: mount.name }),
    Source: mount.source,
    Destination: mount.destination,
    ...(mount.driver === undefined || mount.driver === "" ? {} : { Driver: mount.driver }),
    Mode: mount.mode,
    RW: mount.rw,
    Propagation: mount.propagation
  }))

export { type Bridge } from "./bridges.ts"
export { AddressRefused, NetworkFailed, PortRefused } from "./faults.ts"
export { type PublishedPort } from "./firewall.ts"
export { type PortOwner, type PortRequest } from "./host-ports.ts"
export { macOf } from "./ipv4.ts"
export { type EndpointRequest, type LinuxNetworkOptions, type Namespace, type NamespaceRequest } from "./books.ts"
export { LinuxNetwork } from "./linux-network.ts"
export { bridgeNameOf, namespacePath } from "./names.ts"
export { type Endpoint } from "./namespaces.ts"
export { type NetworkRecovery, type WantedNetwork } from "./recover.ts"
export { hostSubnets, planSubnet, type Subnet, type SubnetRequest } from "./subnets.ts"
export {
  EMBEDDED_RESOLVER,
  extraHostLines,
  hostnameFile,
  hostsFile,
  type HostsRequest,
  resolvConfFile,
  type ResolvConfRequest,
  splitExtraHost
} from "./container-files.ts"
export { Dns } from "./dns.ts"
export { nameServersIn } from "./dns-forward.ts"
export { type DnsEndpoint, type DnsZone } from "./dns-zones.ts"

import type { EndpointFacts, Handle, Started } from "@sockerless/backend-contract"
import { bundleOf, type Running } from "@sockerless/oci-runtime"
import { statSync } from "node:fs"
import type { LocalContext } from "./context.ts"
import type { EndpointRecord, LaunchRecord } from "./launch-record.ts"

const MILLION = 1_000_000n

/** RFC 3339 with nanoseconds, UTC. */
export const timeText = (nanos: bigint): string =>
  `${new Date(Number(nanos / MILLION)).toISOString().slice(0, 19)}.${String(nanos % (MILLION * 1000n)).padStart(9, "0")}Z`

export const endpointFacts = (endpoint: EndpointRecord): EndpointFacts => ({
  endpointId: endpoint.endpointId,
  ipAddress: endpoint.ip,
  prefixLength: endpoint.prefix,
  gateway: endpoint.gateway,
  macAddress: endpoint.mac,
  ipv6Address: "",
  ipv6PrefixLength: 0,
  ipv6Gateway: "",
  dnsNames: endpoint.names
})

/** When the monitor wrote the pid: the same moment after a restart of the daemon as before. */
const startedAt = (context: LocalContext, id: string): string =>
  timeText(statSync(bundleOf(context.folders, id).pidFile, { bigint: true }).mtimeNs)

/** What a start tells the engine, the same for a fresh start and for one found again. */
export const startedFrom = (
  context: LocalContext,
  handle: Handle,
  running: Running,
  record: LaunchRecord
): Started => ({
  handle,
  pid: running.pid,
  startedAt: startedAt(context, running.id),
  endpoints: Object.fromEntries(record.endpoints.map((endpoint) => [endpoint.networkId, endpointFacts(endpoint)])),
  ports: record.ports.map((port) => ({
    containerPort: port.containerPort,
    protocol: port.proto,
    hostIp: port.hostIp,
    hostPort: port.hostPort
  }))
})

import type { RequestedWorkload } from "@sockerless/engine"
import { isIP } from "node:net"
import type { WireHostConfig } from "../wire/create-request.ts"

const protocols = ["tcp", "udp", "sctp"] as const
type Protocol = (typeof protocols)[number]

const isProtocol = (text: string): text is Protocol => protocols.some((protocol) => protocol === text)

const splitPort = (port: string) => {
  const [number = "", protocol = "tcp"] = port.toLowerCase().split("/")
  const value = Number(number)
  return /^\d{1,5}$/.test(number) && value >= 1 && value <= 65_535 && isProtocol(protocol)
    ? { value, protocol }
    : undefined
}

const validHostPort = (port: string) =>
  /^(?:|\d{1,5}(?:-\d{1,5})?)$/.test(port) && port.split("-").every((part) => Number(part) <= 65_535)

/** What is wrong with exposed or published ports, with dockerd's words. */
export const portProblem = (
  exposed: Readonly<Record<string, unknown>> | null,
  bindings: WireHostConfig["PortBindings"]
): string | undefined => {
  for (const port of [...Object.keys(exposed ?? {}), ...Object.keys(bindings ?? {})]) {
    if (splitPort(port) === undefined) return `invalid port specification: "${port}"`
  }
  for (const binding of Object.values(bindings ?? {}).flatMap((list) => list ?? [])) {
    if (binding === null) continue
    if (!validHostPort(binding.HostPort)) return `invalid port specification: "${binding.HostPort}"`
    if (binding.HostIp !== "" && isIP(binding.HostIp.replace(/^\[|\]$/g, "")) === 0) {
      return `invalid IP address: ${binding.HostIp}`
    }
  }
  return undefined
}

/** `PortBindings` in our words; an empty list publishes on an ephemeral port. */
export const portBindings = (bindings: WireHostConfig["PortBindings"]): RequestedWorkload["portBindings"] =>
  Object.entries(bindings ?? {}).flatMap(([port, list]) => {
    const split = splitPort(port)
    if (split === undefined) return []
    const entries = list === null || list.length === 0 ? [null] : list
    return entries.map((binding) => ({
      containerPort: split.value,
      protocol: split.protocol,
      hostIp: binding?.HostIp ?? "",
      hostPort: binding?.HostPort ?? ""
    }))
  })

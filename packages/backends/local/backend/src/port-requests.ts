import type { WorkloadSpec } from "@sockerless/backend-contract"
import type { PortRequest } from "@sockerless/oci-runtime"

const hostPorts = (text: string): Pick<PortRequest, "hostPort" | "hostPortEnd"> => {
  if (text === "" || text === "0") return {}
  const [first = "", last] = text.split("-")
  return { hostPort: Number(first), ...(last === undefined ? {} : { hostPortEnd: Number(last) }) }
}

/** What is to be published: the bindings asked for, and with `--publish-all` every other exposed port. */
export const portRequests = (network: WorkloadSpec["network"]): ReadonlyArray<PortRequest> => {
  const asked = network.portBindings.flatMap((binding): ReadonlyArray<PortRequest> =>
    binding.protocol === "sctp"
      ? []
      : [
          {
            proto: binding.protocol,
            containerPort: binding.containerPort,
            ...(binding.hostIp === "" ? {} : { hostIp: binding.hostIp }),
            ...hostPorts(binding.hostPort)
          }
        ]
  )
  if (!network.publishAll) return asked
  const bound = new Set(asked.map((request) => `${request.containerPort}/${request.proto}`))
  const exposed = network.exposedPorts.flatMap((port): ReadonlyArray<PortRequest> => {
    const [number = "", protocol = "tcp"] = port.split("/")
    if (bound.has(port) || (protocol !== "tcp" && protocol !== "udp")) return []
    return [{ proto: protocol, containerPort: Number(number) }]
  })
  return [...asked, ...exposed]
}

import type { WireCreate } from "../wire/create-request.ts"

const some = (value: ReadonlyArray<unknown> | Readonly<Record<string, unknown>> | null): boolean =>
  value !== null && Object.keys(value).length > 0

/** What cannot be had with another container's network, or with the host's; in dockerd's words. */
export const networkModeProblem = ({ config, hostConfig }: WireCreate): string | undefined => {
  const links = "can't be used with links. This would result in undefined behavior"
  if (hostConfig.UTSMode === "host" && config.Hostname !== "") {
    return "conflicting options: hostname and the UTS mode"
  }
  if (hostConfig.NetworkMode === "host") {
    return some(hostConfig.Links) ? `conflicting options: host type networking ${links}` : undefined
  }
  if (!hostConfig.NetworkMode.startsWith("container:")) return undefined
  const conflicts: ReadonlyArray<readonly [there: boolean, what: string]> = [
    [config.Hostname !== "", "hostname and the network mode"],
    [some(hostConfig.Links), `container type network ${links}`],
    [some(hostConfig.Dns), "dns and the network mode"],
    [some(hostConfig.ExtraHosts), "custom host-to-IP mapping and the network mode"],
    [config.MacAddress !== "", "mac-address and the network mode"],
    [
      some(hostConfig.PortBindings) || hostConfig.PublishAllPorts,
      "port publishing and the container type network mode"
    ],
    [some(config.ExposedPorts), "port exposing and the container type network mode"]
  ]
  const found = conflicts.find(([there]) => there)
  return found === undefined ? undefined : `conflicting options: ${found[1]}`
}

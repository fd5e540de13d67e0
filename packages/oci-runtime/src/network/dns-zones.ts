/** A container's place on one network, as the resolver sees it. `names` are its name, aliases and short id. */
export interface DnsEndpoint {
  readonly containerId: string
  readonly ip: string
  readonly names: ReadonlyArray<string>
  /** The servers of `--dns`, asked instead of the machine's own. */
  readonly upstreams?: ReadonlyArray<string>
}

/** The names of one network. */
export interface DnsZone {
  readonly networkName: string
  readonly gateway: string
  /** No question leaves the machine. */
  readonly internal: boolean
  readonly endpoints: ReadonlyArray<DnsEndpoint>
}

/** What the resolver does with a question. */
export type Verdict =
  | { readonly do: "addresses"; readonly addresses: ReadonlyArray<string> }
  | { readonly do: "pointer"; readonly name: string }
  /** The name is ours and has no record of that type. */
  | { readonly do: "empty" }
  | { readonly do: "forward"; readonly upstreams: ReadonlyArray<string> }
  /** Only internal networks: nobody outside may be asked. */
  | { readonly do: "fail" }

const named = (zone: DnsZone, name: string): ReadonlyArray<string> => {
  const suffix = `.${zone.networkName.toLowerCase()}`
  const bare = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
  return zone.endpoints
    .filter((endpoint) => endpoint.names.some((own) => own.toLowerCase() === name || own.toLowerCase() === bare))
    .map((endpoint) => endpoint.ip)
}

const pointerOf = (zones: ReadonlyArray<DnsZone>, name: string): string | undefined => {
  const ip = name
    .replace(/\.in-addr\.arpa$/, "")
    .split(".")
    .toReversed()
    .join(".")
  for (const zone of zones) {
    const [first] = zone.endpoints.find((endpoint) => endpoint.ip === ip)?.names ?? []
    if (first !== undefined) return `${first}.${zone.networkName}`
  }
  return undefined
}

/**
 * Answers a question by who asks: the names of every network the asking container is on, and of no other. A source
 * that is not known yet gets the names of the network it asks on.
 */
export const judge = (
  zones: ReadonlyArray<DnsZone>,
  asked: { readonly on: DnsZone; readonly from: string },
  question: { readonly name: string; readonly type: string }
): Verdict => {
  const self = asked.on.endpoints.find((endpoint) => endpoint.ip === asked.from)
  const mine =
    self === undefined
      ? [asked.on]
      : [
          asked.on,
          ...zones.filter(
            (zone) => zone !== asked.on && zone.endpoints.some((other) => other.containerId === self.containerId)
          )
        ]
  const name = question.name.toLowerCase().replace(/\.$/, "")
  if (question.type === "PTR" && name.endsWith(".in-addr.arpa")) {
    const pointer = pointerOf(mine, name)
    if (pointer !== undefined) return { do: "pointer", name: pointer }
  }
  for (const zone of mine) {
    const addresses = named(zone, name)
    if (addresses.length > 0) return question.type === "A" ? { do: "addresses", addresses } : { do: "empty" }
  }
  return mine.every((zone) => zone.internal) ? { do: "fail" } : { do: "forward", upstreams: self?.upstreams ?? [] }
}

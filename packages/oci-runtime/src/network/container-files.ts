import { nameServersIn } from "./dns-forward.ts"

/** What decides a container's /etc/hosts. */
export interface HostsRequest {
  readonly hostname: string
  readonly domainname?: string
  /** The container's own addresses, one line each. */
  readonly addresses: ReadonlyArray<string>
  /** `name:address`, or `name=address`; the address `host-gateway` stands for `hostGateway`. */
  readonly extraHosts: ReadonlyArray<string>
  readonly hostGateway: string
}

/** The local names that open every /etc/hosts of Docker's. */
const localNames = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`

/** Splits an extra host at its first `:` or `=`, so that an IPv6 address may follow. */
export const splitExtraHost = (text: string): { readonly name: string; readonly address: string } | undefined => {
  const found = /^([^:=]+)[:=](.+)$/.exec(text)
  const [, name, address] = found ?? []
  return name === undefined || address === undefined
    ? undefined
    : { name, address: address.replace(/^\[(.*)\]$/, "$1") }
}

/** The lines of `--add-host`; the address `host-gateway` stands for `hostGateway`. */
export const extraHostLines = (extraHosts: ReadonlyArray<string>, hostGateway: string): string =>
  extraHosts
    .flatMap((text) => splitExtraHost(text) ?? [])
    .map(({ name, address }) => `${address === "host-gateway" ? hostGateway : address}\t${name}\n`)
    .join("")

/** The text of /etc/hosts, as Docker writes it. */
export const hostsFile = (request: HostsRequest): string => {
  const extra = extraHostLines(request.extraHosts, request.hostGateway)
  const domain = request.domainname ?? ""
  const own = domain === "" ? request.hostname : `${request.hostname}.${domain} ${request.hostname}`
  return [localNames, extra, ...request.addresses.map((address) => `${address}\t${own}\n`)].join("")
}

/** The text of /etc/hostname. */
export const hostnameFile = (hostname: string): string => `${hostname}\n`

/** What decides a container's /etc/resolv.conf. */
export interface ResolvConfRequest {
  /** `embedded` on user-defined networks, `copied` on the default bridge, `host` with the host's network. */
  readonly mode: "embedded" | "copied" | "host"
  readonly hostText: string
  readonly servers: ReadonlyArray<string>
  readonly search: ReadonlyArray<string>
  readonly options: ReadonlyArray<string>
}

/** The address at which Docker's containers find the embedded resolver. */
export const EMBEDDED_RESOLVER = "127.0.0.11"

/** What Docker gives a container when the host's resolv.conf names only loopback servers. */
const publicServers: ReadonlyArray<string> = ["8.8.8.8", "8.8.4.4"]

const wordsOf = (text: string, key: string): ReadonlyArray<string> | undefined => {
  const line = text
    .split("\n")
    .map((each) => each.trim().split(/\s+/))
    .findLast(([first]) => first === key)
  return line?.slice(1)
}

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1"

/** The text of /etc/resolv.conf; an asked search list of `.` means none, as in Docker. */
export const resolvConfFile = (request: ResolvConfRequest): string => {
  const own = nameServersIn(request.hostText)
  const given = request.servers.length > 0 ? request.servers : own
  const outside = given.filter((address) => request.servers.length > 0 || !isLoopback(address))
  const servers =
    request.mode === "embedded"
      ? [EMBEDDED_RESOLVER]
      : request.mode === "host"
        ? given
        : outside.length > 0
          ? outside
          : publicServers
  const search = (request.search.length > 0 ? request.search : (wordsOf(request.hostText, "search") ?? [])).filter(
    (domain) => domain !== "."
  )
  const asked = request.options.length > 0 ? request.options : (wordsOf(request.hostText, "options") ?? [])
  // The embedded resolver must see single-label names first; a user's own ndots stays.
  const options =
    request.mode === "embedded" && !asked.some((option) => option.startsWith("ndots:")) ? [...asked, "ndots:0"] : asked
  return [
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(search.length > 0 ? [`search ${search.join(" ")}\n`] : []),
    ...(options.length > 0 ? [`options ${options.join(" ")}\n`] : [])
  ].join("")
}

import { isIP } from "node:net"

/** An address to listen on. */
export type Host =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly ip: string; readonly port: number }
  | { readonly kind: "fd"; readonly name: string | undefined }

/** What is wrong with a value that was given, in words for the person who gave it. */
export interface Wrong {
  readonly wrong: string
}

const PORT_PLAIN = 2375
const PORT_TLS = 2376

const tcpHost = (text: string, rest: string, tls: boolean): Host | Wrong => {
  const match = /^(?:\[([^\]]+)\]|([^:/]*))(?::(\d+))?\/?$/.exec(rest)
  if (match === null) return { wrong: `invalid address ${text}: write tcp://ip:port` }
  const named = match[1] ?? match[2] ?? ""
  const ip = named === "" || named === "localhost" ? "127.0.0.1" : named
  const port = match[3] === undefined ? (tls ? PORT_TLS : PORT_PLAIN) : Number(match[3])
  if (isIP(ip) === 0) return { wrong: `invalid address ${text}: "${ip}" is not an IP address` }
  if (port < 1 || port > 65535) return { wrong: `invalid address ${text}: port ${port} is not within 1 and 65535` }
  return { kind: "tcp", ip, port }
}

/** Reads one `-H` value as dockerd does. */
export const parseHost = (text: string, tls: boolean): Host | Wrong => {
  if (text.startsWith("unix://")) {
    const path = text.slice("unix://".length)
    return path.startsWith("/")
      ? { kind: "unix", path }
      : { wrong: `invalid address ${text}: the path must be absolute` }
  }
  if (text.startsWith("fd://")) {
    const name = text.slice("fd://".length)
    return { kind: "fd", name: name === "" || name === "*" ? undefined : name }
  }
  if (text.startsWith("tcp://")) return tcpHost(text, text.slice("tcp://".length), tls)
  if (text.startsWith("/")) return { kind: "unix", path: text }
  if (text.includes("://")) return { wrong: `invalid address ${text}: use unix://, tcp:// or fd://` }
  return tcpHost(text, text, tls)
}

export const isLoopback = (ip: string): boolean => ip.startsWith("127.") || ip === "::1"

/** The form clients write in DOCKER_HOST. */
export const hostText = (host: Host): string => {
  if (host.kind === "unix") return `unix://${host.path}`
  if (host.kind === "fd") return `fd://${host.name ?? ""}`
  return `tcp://${isIP(host.ip) === 6 ? `[${host.ip}]` : host.ip}:${host.port}`
}

/** Reads `ip:port`, for `--metrics-addr`. */
export const parseAddress = (text: string): { readonly ip: string; readonly port: number } | Wrong => {
  const host = tcpHost(text, text, false)
  if ("wrong" in host) return host
  return host.kind === "tcp" && /:\d+$/.test(text) ? host : { wrong: `invalid address ${text}: write ip:port` }
}

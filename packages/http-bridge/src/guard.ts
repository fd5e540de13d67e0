import type { IncomingMessage } from "node:http"
import { BadRequest, ForeignRequest } from "./faults.ts"

/** Go's text for a percent sign that is not followed by two hex digits; undefined when all are. */
const badEscape = (url: string): BadRequest | undefined => {
  const at = url.search(/%(?![0-9a-fA-F]{2})/)
  return at < 0 ? undefined : new BadRequest({ message: `invalid URL escape ${JSON.stringify(url.slice(at, at + 3))}` })
}

/** What two readers of the same bytes might understand differently. */
const ambiguity = (request: IncomingMessage): BadRequest | undefined => {
  const encoding = request.headers["transfer-encoding"]
  if (encoding !== undefined && encoding.toLowerCase() !== "chunked")
    return new BadRequest({ message: `unsupported transfer encoding: ${JSON.stringify(encoding)}` })
  const hosts = request.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === "host")
  return hosts.length > 1 ? new BadRequest({ message: "too many Host headers" }) : undefined
}

export type ListenerKind = "unix" | "tcp" | "tls"

const hostName = (header: string) =>
  header
    .replace(/:\d*$/, "")
    .replace(/^\[|\]$/g, "")
    .toLowerCase()

const isLoopbackName = (name: string) =>
  name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name)

/**
 * Refuses what no Docker client sends but a browser on this machine would: foreign names (DNS rebinding) and
 * cross-site requests. A unix socket is out of a browser's reach; over mutual TLS any name is right.
 */
export const guard = (
  request: IncomingMessage,
  kind: ListenerKind,
  allowedHosts: ReadonlyArray<string>
): BadRequest | ForeignRequest | undefined => {
  const host = request.headers.host
  if (host === undefined && request.httpVersionMajor === 1 && request.httpVersionMinor >= 1) {
    return new BadRequest({ message: "missing required Host header" })
  }
  const unclear = ambiguity(request) ?? badEscape(request.url ?? "")
  if (unclear !== undefined) return unclear
  if (kind === "unix") return undefined
  if (request.headers.origin !== undefined) {
    return new ForeignRequest({
      message: "requests with an Origin header are refused: browsers are not Docker clients"
    })
  }
  const site = request.headers["sec-fetch-site"]
  if (site !== undefined && site !== "none") {
    return new ForeignRequest({ message: "cross-site requests are refused: browsers are not Docker clients" })
  }
  if (kind === "tls" || host === undefined) return undefined
  const name = hostName(host)
  return isLoopbackName(name) || allowedHosts.includes(name)
    ? undefined
    : new ForeignRequest({ message: `Host "${host}" is refused: use a loopback name, or allow this one in the config` })
}

import type { IncomingMessage } from "node:http"
import { BadRequest, ForeignRequest } from "./faults.ts"

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

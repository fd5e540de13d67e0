import type { IncomingHttpHeaders } from "node:http"
import type { Readable } from "node:stream"

/** A request with its path and query exactly as they were sent, because signatures cover those bytes. */
export interface WireRequest {
  readonly method: string
  /** Undecoded. */
  readonly path: string
  /** Undecoded, without the question mark. */
  readonly rawQuery: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The caller's address: workloads are known by it. */
  readonly from: string
  /** The address and port the caller reached. */
  readonly at: string
  readonly body: Readable
}

export interface WireReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | Readable
}

/** A header as one text. */
export const headerOf = (request: WireRequest, name: string): string | undefined => {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(",") : value
}

/** A JSON answer. */
export const jsonReply = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): WireReply => ({
  status,
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(body)
})

/** A reply with further headers; its own win. */
export const withHeaders = (reply: WireReply, headers: Readonly<Record<string, string>>): WireReply => ({
  status: reply.status,
  headers: { ...headers, ...reply.headers },
  body: reply.body
})

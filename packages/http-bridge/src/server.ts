import * as http from "node:http"
import type * as https from "node:https"
import type { Duplex } from "node:stream"
import { sendRaw } from "./send.ts"

/** Settings of Node's server that are bugs by default for Docker's clients; times in milliseconds. */
const serverOptions = {
  // Some clients repeat the whole create body in the query.
  maxHeaderSize: 1024 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 0,
  // Go's transport keeps idle connections for 30 s and does not retry a POST on a closed one.
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 1000,
  requireHostHeader: false,
  noDelay: true
} as const

/** Without half-open connections a client that ends its input, as the docker CLI does, would lose all output. */
const tlsOptions = { handshakeTimeout: serverOptions.headersTimeout, allowHalfOpen: true } as const

interface ParserError extends Error {
  readonly code?: string
}

/** Frames for a client that speaks HTTP/2 from the first byte: SETTINGS, then GOAWAY with HTTP_1_1_REQUIRED. */
const goAway = () => {
  const reason = Buffer.from("this listener speaks HTTP/1.1 only")
  const head = Buffer.from([0, 0, 8 + reason.length, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13])
  return Buffer.concat([Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), head, reason])
}

const refusals: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, "request header fields too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "request timeout: the request head did not arrive in time"]
}

/** The connection has its last answer, or is in the middle of one: another one would be read as part of it. */
const isAnswered = (last: http.ServerResponse | undefined) =>
  last?.headersSent === true && (!last.writableFinished || !last.shouldKeepAlive)

const onClientError = (
  error: ParserError,
  socket: Duplex & { bytesRead?: number; bytesWritten?: number },
  last: http.ServerResponse | undefined
) => {
  // Each further piece of what was refused is an error again: cutting now would take the answer from a client that sends.
  if (socket.destroyed || socket.writableEnded) return
  if (!socket.writable) {
    socket.destroy()
    return
  }
  if (isAnswered(last)) {
    socket.on("error", () => socket.destroy())
    socket.end(() => socket.destroy())
    return
  }
  if (error.code === "HPE_PAUSED_H2_UPGRADE") {
    socket.end(goAway())
    return
  }
  const isTimeout = error.code === "ERR_HTTP_REQUEST_TIMEOUT"
  // Before the handshake is done there is nobody to answer.
  if (/^(ERR_TLS_|ERR_SSL_|EPROTO)/.test(error.code ?? "")) {
    socket.destroy()
    return
  }
  // A connection that was opened in advance and never used is closed without a word: Go prints any word it gets.
  if (error.code === "ECONNRESET" || (isTimeout && socket.bytesRead === 0)) {
    socket.destroy()
    return
  }
  const [status, message] = refusals[error.code ?? ""] ?? [400, "malformed HTTP request"]
  sendRaw(
    socket,
    { status, headers: { "Content-Type": "application/json" }, body: `${JSON.stringify({ message })}\n` },
    {}
  )
}

/** What a bridge does with requests. */
export interface Listeners {
  readonly onRequest: (request: http.IncomingMessage, response: http.ServerResponse) => void
  readonly onUpgrade: (request: http.IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** An HTTP server with the settings Docker's clients need, or an HTTPS one when TLS options are given. */
export const makeServer = (listeners: Listeners, tls?: https.ServerOptions): http.Server | https.Server => {
  const server =
    tls === undefined
      ? http.createServer(serverOptions)
      : // Loaded on first use: most daemons speak no TLS, and it costs time and memory.
        process.getBuiltinModule("node:https").createServer({ ...serverOptions, ...tlsOptions, ...tls })
  server.timeout = 0
  const lastAnswers = new WeakMap<Duplex, http.ServerResponse>()
  server.on("request", (request, response) => {
    lastAnswers.set(request.socket, response)
    listeners.onRequest(request, response)
  })
  server.on("upgrade", listeners.onUpgrade)
  server.on("clientError", (error: ParserError, socket: Duplex) =>
    onClientError(error, socket, lastAnswers.get(socket))
  )
  server.on("checkExpectation", (request: http.IncomingMessage, response: http.ServerResponse) => {
    const text = `${JSON.stringify({ message: `unsupported expectation: ${request.headers.expect}` })}\n`
    const length = { "Content-Length": Buffer.byteLength(text), Connection: "close" }
    response.writeHead(417, { "Content-Type": "application/json", ...length }).end(text)
  })
  server.on("connect", (_request: http.IncomingMessage, socket: Duplex) =>
    sendRaw(
      socket,
      { status: 405, headers: { "Content-Type": "application/json" }, body: '{"message":"method not allowed"}\n' },
      {}
    )
  )
  return server
}

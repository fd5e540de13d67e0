import type { FaultKind } from "@sockerless/faults"
import { Cause, Effect, Exit, Schema, type Scope } from "effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { pipeline } from "node:stream/promises"
import { ConnectionDropped } from "../faults/connection-dropped.ts"
import type { WireReply, WireRequest } from "./wire.ts"

/** The port or address of a listener cannot be had. */
export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  address: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "unavailable"
  override get message(): string {
    return `cannot listen on ${this.address}: ${this.reason}`
  }
}

/** Answers one request. What it does not name as a failure breaks the connection and is logged: it is a bug. */
export type Answer = (request: WireRequest) => Effect.Effect<WireReply, ConnectionDropped>

const wireOf = (request: IncomingMessage): WireRequest => {
  const url = request.url ?? "/"
  const mark = url.indexOf("?")
  const rawQuery = mark === -1 ? "" : url.slice(mark + 1)
  return {
    method: request.method ?? "GET",
    path: mark === -1 ? url : url.slice(0, mark),
    rawQuery,
    query: new URLSearchParams(rawQuery),
    headers: request.headers,
    from: (request.socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
    at: `${request.socket.localAddress ?? ""}:${request.socket.localPort ?? 0}`,
    body: request
  }
}

const send = async (response: ServerResponse, reply: WireReply): Promise<void> => {
  if (typeof reply.body === "string" || Buffer.isBuffer(reply.body)) {
    const bodiless = reply.status === 204 || reply.status === 304 || "Content-Length" in reply.headers
    response.writeHead(reply.status, {
      ...(bodiless ? {} : { "Content-Length": String(Buffer.byteLength(reply.body)) }),
      ...reply.headers
    })
    response.end(reply.body)
    return
  }
  response.writeHead(reply.status, reply.headers)
  response.flushHeaders()
  await pipeline(reply.body, response).catch(() => response.destroy())
}

const respond = async (
  answer: Answer,
  run: <A, E>(effect: Effect.Effect<A, E>, options: { readonly signal: AbortSignal }) => Promise<Exit.Exit<A, E>>,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const gone = new AbortController()
  response.once("close", () => gone.abort())
  const exit = await run(answer(wireOf(request)), { signal: gone.signal })
  if (Exit.isSuccess(exit)) {
    await send(response, exit.value)
    if (!request.complete) request.resume()
    return
  }
  request.socket.destroy()
  if (!Cause.hasInterruptsOnly(exit.cause) && !(Cause.squash(exit.cause) instanceof ConnectionDropped)) {
    await run(Effect.logError("the simulator failed on a request", exit.cause), {
      signal: new AbortController().signal
    })
  }
}

/** Listens until the scope closes; gives the port, which the system chooses when 0 is asked. */
export const serve = Effect.fnUntraced(function* (
  answer: Answer,
  address: { readonly host: string; readonly port: number }
): Effect.fn.Return<number, ListenFailed, Scope.Scope> {
  const run = Effect.runPromiseExitWith(yield* Effect.context<never>())
  const server = yield* Effect.acquireRelease(
    Effect.callback<Server, ListenFailed>((resume) => {
      const made = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0, noDelay: true }, (request, response) => {
        void respond(answer, run, request, response)
      })
      made.once("error", (error) =>
        resume(Effect.fail(new ListenFailed({ address: `${address.host}:${address.port}`, reason: error.message })))
      )
      made.listen(address.port, address.host, () => resume(Effect.succeed(made)))
    }),
    (made) =>
      Effect.sync(() => {
        made.close()
        made.closeAllConnections()
      })
  )
  const bound = server.address()
  return typeof bound === "object" && bound !== null ? bound.port : address.port
})

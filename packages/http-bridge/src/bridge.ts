import type { Fault } from "@sockerless/faults"
import { Cause, type Context, Effect, Exit, Scope } from "effect"
import { Hono } from "hono"

import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { ServerOptions as TlsOptions } from "node:https"
import type { Duplex } from "node:stream"
import { setTimeout } from "node:timers/promises"
import { documentMillis, jsonLimitBytes, lateBody } from "./body.ts"
import type { Call, HijackCall } from "./call.ts"
import { takePlain, takeUpgraded, type TakenConnection } from "./connection.ts"
import { BadRequest, BodyTooLarge, PageNotFound } from "./faults.ts"
import { guard, type ListenerKind } from "./guard.ts"
import { runHijacked } from "./hijack.ts"
import { NameRouter } from "./name-router.ts"
import type { Reply, ReplyHeaders } from "./reply.ts"
import { send, sendRaw } from "./send.ts"
import { makeServer } from "./server.ts"
import { statusOf } from "./statuses.ts"

export type Method = "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "OPTIONS"

/** One finished request, for metrics. `route` is the pattern, never the path. */
export interface Observed {
  readonly route: string
  readonly method: string
  readonly status: number
  readonly seconds: number
}

export interface BridgeOptions<F> {
  /** Reads the API's facts off the path, or refuses it. `path` is what routes are matched on. */
  readonly prepare: (
    request: IncomingMessage,
    path: string
  ) => { readonly path: string; readonly facts: F } | { readonly refused: Fault }
  readonly commonHeaders: ReplyHeaders
  /** Names beside loopback under which a TCP listener may be reached. */
  readonly allowedHosts: ReadonlyArray<string>
  readonly observe: (observed: Observed) => void
}

type Handler<F, R> = (call: Call<F>) => Effect.Effect<Reply, Fault, R | Scope.Scope>
type HijackHandler<F, R> = (call: HijackCall<F>) => Effect.Effect<Reply, Fault, R | Scope.Scope>
type WholeReply = Extract<Reply, { _tag: "Whole" }>

interface Exchange<F> {
  readonly request: IncomingMessage
  readonly query: URLSearchParams
  readonly facts: F
  readonly respond:
    | { readonly _tag: "Plain"; readonly response: ServerResponse }
    | { readonly _tag: "Upgrade"; readonly socket: Duplex; readonly head: Buffer }
  matched: boolean
}

interface Bindings<F> {
  readonly exchange: Exchange<F>
}

const faultReply = (fault: Fault): WholeReply => {
  const status = statusOf[fault.kind]
  return {
    _tag: "Whole",
    status,
    headers: {
      "Content-Type": "application/json",
      ...(fault.kind === "unavailable" ? { "Retry-After": "1" } : {}),
      ...(fault.kind === "too-large" ? { Connection: "close" } : {})
    },
    body: status === 304 ? "" : `${JSON.stringify({ message: fault.message })}\n`
  }
}

/** Hono answers HEAD by GET; ours have routes of their own, so they travel under another name. */
const routedMethod = (method: string) => (method === "HEAD" ? "XHEAD" : method)

const notTaken: Readonly<Record<"broken" | "too-large" | "late", () => Fault>> = {
  broken: () => new BadRequest({ message: "the request body cannot be read" }),
  "too-large": () => new BodyTooLarge({ limitBytes: jsonLimitBytes }),
  late: lateBody
}

/** The outcome, or `late`. What is late ends with the connection. */
const inTime = async <A>(taking: Promise<A>): Promise<A | "late"> => {
  const over = new AbortController()
  try {
    return await Promise.race([taking, setTimeout(documentMillis, "late" as const, { signal: over.signal })])
  } finally {
    over.abort()
  }
}

const handled = () => new Response(null)

/** Hono routes in front of Effect handlers: a scope per request, typed faults to statuses, defects logged as 500. */
export class Bridge<F, R> {
  readonly #hono = new Hono<{ Bindings: Bindings<F> }>({ router: new NameRouter() })
  readonly #options: BridgeOptions<F>
  readonly #context: Context.Context<R>

  constructor(options: BridgeOptions<F>, context: Context.Context<R>) {
    this.#options = options
    this.#context = context
    this.#hono.notFound(() => new Response(null))
  }

  /**
   * Registers a handler. When the client goes away the handler is interrupted for `stop` and left to finish for
   * `continue`; a reply under way always ends.
   */
  route(method: Method, pattern: string, handler: Handler<F, R>, onDisconnect: "stop" | "continue" = "continue"): void {
    this.#hono.on(routedMethod(method), pattern, (context) => {
      const { exchange } = context.env
      exchange.matched = true
      const call = this.#call(exchange, (name) => context.req.param(name) ?? "")
      this.#settle(exchange, this.#answer(exchange, pattern, handler(call), onDisconnect))
      return handled()
    })
  }

  /** Registers a handler that may take the connection. Its body is read before it runs. */
  hijack(pattern: string, handler: HijackHandler<F, R>): void {
    this.#hono.on("POST", pattern, (context) => {
      const { exchange } = context.env
      exchange.matched = true
      const call = this.#call(exchange, (name) => context.req.param(name) ?? "")
      const taking = this.#takeAndAnswer(exchange, pattern, (taken) =>
        handler({ ...call, body: taken.body, upgraded: taken.upgraded })
      )
      this.#settle(exchange, taking)
      return handled()
    })
  }

  /** A server to attach to any listener. TCP listeners refuse browsers and foreign names. */
  createServer(kind: ListenerKind, tls?: TlsOptions): Server {
    return makeServer(
      {
        onRequest: (request, response) => this.#dispatch(kind, request, { _tag: "Plain", response }),
        onUpgrade: (request, socket, head) => this.#dispatch(kind, request, { _tag: "Upgrade", socket, head })
      },
      kind === "tls" ? tls : undefined
    )
  }

  /** A reply that cannot be sent is a bug of ours: logged, and the client's connection ends; the daemon goes on. */
  #settle(exchange: Exchange<F>, work: Promise<void>): void {
    work.catch((cause: unknown) => {
      Effect.runForkWith(this.#context)(Effect.logError("reply defect", cause))
      exchange.request.socket.destroy()
    })
  }

  #call(exchange: Exchange<F>, param: (name: string) => string): Call<F> {
    return { request: exchange.request, facts: exchange.facts, query: exchange.query, param }
  }

  #refuse(respond: Exchange<F>["respond"], fault: Fault): void {
    const reply = faultReply(fault)
    if (respond._tag === "Upgrade") {
      sendRaw(respond.socket, reply, this.#options.commonHeaders)
      return
    }
    for (const [name, value] of Object.entries(this.#options.commonHeaders)) respond.response.setHeader(name, value)
    void send(respond.response, reply, new AbortController().signal)
  }

  #dispatch(kind: ListenerKind, request: IncomingMessage, respond: Exchange<F>["respond"]): void {
    const refused = guard(request, kind, this.#options.allowedHosts)
    if (refused !== undefined) return this.#refuse(respond, refused)
    const url = request.url ?? "/"
    const queryAt = url.indexOf("?")
    const prepared = this.#options.prepare(request, queryAt < 0 ? url : url.slice(0, queryAt))
    if ("refused" in prepared) return this.#refuse(respond, prepared.refused)
    const target = routeTarget(request.method ?? "GET", prepared.path)
    if (target === undefined) return this.#refuse(respond, new PageNotFound())
    const exchange: Exchange<F> = {
      request,
      query: new URLSearchParams(queryAt < 0 ? "" : url.slice(queryAt + 1)),
      facts: prepared.facts,
      respond,
      matched: false
    }
    if (respond._tag === "Plain") {
      for (const [name, value] of Object.entries(this.#options.commonHeaders)) respond.response.setHeader(name, value)
    }
    void this.#hono.fetch(target, { exchange })
    if (!exchange.matched) this.#refuse(respond, new PageNotFound())
  }

  #run(effect: Effect.Effect<Reply, Fault, R>, signal: AbortSignal | undefined): Promise<Exit.Exit<Reply, Fault>> {
    return Effect.runPromiseExitWith(this.#context)(effect, signal === undefined ? {} : { signal })
  }

  #replyOf(exit: Exit.Exit<Reply, Fault>): Reply {
    if (Exit.isSuccess(exit)) return exit.value
    const fault = Cause.findErrorOption(exit.cause)
    if (fault._tag === "Some") return faultReply(fault.value)
    if (!Cause.hasInterruptsOnly(exit.cause)) {
      Effect.runForkWith(this.#context)(Effect.logError("request defect", exit.cause))
    }
    return faultReply({ _tag: "Defect", kind: "failed", message: "internal error" })
  }

  async #answer(
    exchange: Exchange<F>,
    route: string,
    effect: Effect.Effect<Reply, Fault, R | Scope.Scope>,
    onDisconnect: "stop" | "continue"
  ): Promise<void> {
    if (exchange.respond._tag === "Upgrade") {
      return this.#refuse(exchange.respond, new BadRequest({ message: "this endpoint cannot be upgraded" }))
    }
    const { response } = exchange.respond
    const began = performance.now()
    const gone = new AbortController()
    response.once("close", () => {
      if (!response.writableFinished) gone.abort()
    })
    const scope = Scope.makeUnsafe()
    const exit = await this.#run(Scope.provide(effect, scope), onDisconnect === "stop" ? gone.signal : undefined)
    const reply = this.#replyOf(exit)
    if (reply._tag === "Hijacked") reply.output.destroy()
    else await send(response, reply, gone.signal)
    await Effect.runPromise(Scope.close(scope, exit))
    this.#observe(exchange, route, response.statusCode, began)
  }

  async #takeAndAnswer(
    exchange: Exchange<F>,
    route: string,
    handle: (taken: TakenConnection) => Effect.Effect<Reply, Fault, R | Scope.Scope>
  ): Promise<void> {
    const began = performance.now()
    const { request, respond } = exchange
    const socket = respond._tag === "Upgrade" ? respond.socket : request.socket
    socket.on("error", () => socket.destroy())
    const taken = await inTime(
      respond._tag === "Upgrade"
        ? takeUpgraded(request, socket, respond.head, jsonLimitBytes)
        : takePlain(request, jsonLimitBytes)
    )
    if (respond._tag === "Plain") respond.response.detachSocket(request.socket)
    if (typeof taken === "string") {
      return sendRaw(socket, faultReply(notTaken[taken]()), this.#options.commonHeaders)
    }
    const gone = new AbortController()
    socket.once("close", () => gone.abort())
    const scope = Scope.makeUnsafe()
    const exit = await this.#run(Scope.provide(handle(taken), scope), gone.signal)
    const reply = this.#replyOf(exit)
    if (reply._tag === "Hijacked") {
      const common = Object.entries(this.#options.commonHeaders).map(([name, value]) => `${name}: ${value}`)
      await runHijacked(taken, reply, common)
    } else if (reply._tag === "Whole") sendRaw(socket, reply, this.#options.commonHeaders)
    else socket.destroy()
    await Effect.runPromise(Scope.close(scope, exit))
    this.#observe(exchange, route, reply._tag === "Hijacked" ? (taken.upgraded ? 101 : 200) : reply.status, began)
  }

  #observe(exchange: Exchange<F>, route: string, status: number, began: number): void {
    const seconds = (performance.now() - began) / 1000
    this.#options.observe({ route, method: exchange.request.method ?? "", status, seconds })
  }
}

/** The request as Hono's router sees it; undefined for what can never match. */
const routeTarget = (method: string, path: string): Request | undefined => {
  if (!path.startsWith("/") || !/^[A-Z]+$/.test(method) || method === "TRACE" || method === "CONNECT") return undefined
  return URL.canParse(`http://docker${path}`)
    ? new Request(`http://docker${path}`, { method: routedMethod(method) })
    : undefined
}

/** A bridge whose handlers run with the services of the calling Effect. */
export const makeBridge = <F, R>(options: BridgeOptions<F>): Effect.Effect<Bridge<F, R>, never, R> =>
  Effect.map(Effect.context<R>(), (context) => new Bridge<F, R>(options, context))

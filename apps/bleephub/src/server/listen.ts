import { existsSync, rmSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { connect, type AddressInfo } from "node:net"
import { getRequestListener } from "@hono/node-server"
import type { Bindings } from "@sockerless/bleephub-rest"
import type { Hono } from "hono"
import type { Pair } from "./certificates.ts"

type App = Hono<{ Bindings: Bindings }>

/** A socket that was asked for and cannot be had. */
export class CannotListen extends Error {
  readonly kind = "failed"
}

const KEEP_ALIVE_MILLIS = 75_000

const prepare = (server: Server): Server => {
  // A push of a large repository takes as long as it takes.
  server.requestTimeout = 0
  server.keepAliveTimeout = KEEP_ALIVE_MILLIS
  return server
}

const requestListener = (app: App, scheme: Bindings["scheme"]) =>
  getRequestListener((request, env) => app.fetch(request, { ...(env as Bindings), scheme }), {
    overrideGlobalObjects: false
  })

const listening = (server: Server, where: { readonly host: string; readonly port: number } | string): Promise<Server> =>
  new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new CannotListen(error.message)))
    const ready = (): void => resolve(server)
    if (typeof where === "string") server.listen(where, ready)
    else server.listen(where.port, where.host, ready)
  })

export interface Address {
  readonly host: string
  readonly port: number
}

/** Plain HTTP. */
export const listenHttp = (app: App, address: Address): Promise<Server> =>
  listening(prepare(createServer(requestListener(app, "http"))), address)

/** HTTP over TLS. */
export const listenHttps = (app: App, address: Address, pair: Pair): Promise<Server> =>
  listening(prepare(createTlsServer(pair, requestListener(app, "https"))), address)

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })

/** Plain HTTP over a unix socket; clients there write `https://`, as gh does. */
export const listenSocket = async (app: App, path: string): Promise<Server> => {
  if (existsSync(path)) {
    if (await answers(path)) throw new CannotListen(`another bleephub answers on ${path}`)
    rmSync(path)
  }
  return listening(prepare(createServer(requestListener(app, "https"))), path)
}

/** The port a server was given. */
export const portOf = (server: Server): number => {
  const address: AddressInfo | string | null = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

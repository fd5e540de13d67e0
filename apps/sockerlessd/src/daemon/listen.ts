import { Effect, Schema, type Scope } from "effect"
import type { Server } from "node:http"
import { type Server as TlsServer, type ServerOptions as TlsOptions } from "node:https"
import { readFileSync, unwatchFile, watchFile } from "node:fs"
import type { FaultKind } from "@sockerless/faults"
import type { Tls } from "../config/config.ts"
import { hostText } from "../config/hosts.ts"
import type { HeldSocket } from "../launch/launch-order.ts"

/** A socket or certificate that the daemon was told to use and cannot. */
export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  address: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `cannot listen on ${this.address}: ${this.reason}`
  }
}

/** Makes a server for one kind of listener; `docker-api` gives it. */
export type CreateServer = (kind: HeldSocket["kind"], tls?: TlsOptions) => Server | TlsServer

const BACKLOG = 4096
const CERTIFICATE_CHECK_MILLIS = 5000

const readCertificates = (tls: Tls): TlsOptions => ({
  cert: readFileSync(tls.cert),
  key: readFileSync(tls.key),
  minVersion: "TLSv1.2",
  ...(tls.verify ? { ca: readFileSync(tls.ca), requestCert: true, rejectUnauthorized: true } : {})
})

const certificates = (tls: Tls | undefined, address: string): Effect.Effect<TlsOptions | undefined, CannotListen> =>
  tls === undefined
    ? Effect.succeed(undefined)
    : Effect.try({
        try: () => readCertificates(tls),
        catch: (cause) =>
          new CannotListen({
            address,
            reason: `${cause instanceof Error ? cause.message : String(cause)}; make certificates with "sockerlessd tls init"`
          })
      })

/** Takes renewed certificate files into a running server; a half-written set is tried again at the next change. */
const followCertificates = (server: Server | TlsServer, tls: Tls): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const files = [tls.cert, tls.key, ...(tls.verify ? [tls.ca] : [])]
    const renew = Effect.try({
      try: () => {
        if ("setSecureContext" in server) server.setSecureContext(readCertificates(tls))
      },
      catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
    }).pipe(
      Effect.andThen(Effect.logInfo("certificates renewed")),
      Effect.catch((reason) => Effect.logWarning(`certificates changed, but cannot be used: ${reason}`))
    )
    const onChange = () => void run(renew)
    for (const file of files) watchFile(file, { interval: CERTIFICATE_CHECK_MILLIS, persistent: false }, onChange)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const file of files) unwatchFile(file, onChange)
      })
    )
  })

const listenOn = (server: Server | TlsServer, fd: number, address: string): Effect.Effect<void, CannotListen> =>
  Effect.callback<void, CannotListen>((resume) => {
    server.once("error", (error) => resume(Effect.fail(new CannotListen({ address, reason: error.message }))))
    server.listen({ fd, backlog: BACKLOG }, () => resume(Effect.void))
  })

/** Serves every held socket. The launcher bound them, so clients that came while no daemon lived are served now. */
export const listenAll = Effect.fnUntraced(function* (
  createServer: CreateServer,
  sockets: ReadonlyArray<HeldSocket>,
  tls: Tls | undefined
): Effect.fn.Return<void, CannotListen, Scope.Scope> {
  for (const socket of sockets) {
    const address = hostText(socket.host)
    const options = socket.kind === "tls" ? yield* certificates(tls, address) : undefined
    const server = options === undefined ? createServer(socket.kind) : createServer(socket.kind, options)
    yield* listenOn(server, socket.fd, address)
    if (socket.kind === "tls" && tls !== undefined) yield* followCertificates(server, tls)
  }
})

import { mkdir } from "node:fs/promises"
import type { Server } from "node:http"
import { join } from "node:path"
import { Coalesced, Dispatcher, type Hub, runAutoMerges } from "@sockerless/bleephub-core"
import { payloads, urlsOf } from "@sockerless/bleephub-rest"
import { type AppOptions, makeApp } from "./app.ts"
import { certificatesIn } from "./certificates.ts"
import { type Address, listenHttp, listenHttps, listenSocket, portOf } from "./listen.ts"
import { openState } from "./state.ts"

export interface StartOptions extends Partial<Pick<AppOptions, "observe" | "unresolved" | "defect">> {
  /** Where everything is kept. */
  readonly state: string
  readonly http: Address
  readonly https: Address
  /** The unix socket; `<state>/bleephub.sock` unless said otherwise. */
  readonly socket?: string
  /** The store's built worker; from source it needs no telling. */
  readonly worker?: URL
}

/** A server that answers. */
export interface Started {
  readonly hub: Hub
  readonly httpPort: number
  readonly httpsPort: number
  readonly socket: string
  readonly authorityFile: string
  readonly adminToken: string
  readonly close: () => Promise<void>
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.closeAllConnections()
    server.close(() => resolve())
  })

/** Opens the state folder and listens on http, https and the unix socket; when it resolves, all three answer. */
export const startServer = async (options: StartOptions): Promise<Started> => {
  await mkdir(options.state, { recursive: true, mode: 0o700 })
  const [certificates, state] = await Promise.all([
    certificatesIn(options.state, options.https.host),
    openState(options.state, options.worker)
  ])
  const defect = options.defect ?? ((error: unknown) => console.error(error))
  const app = makeApp({
    hub: state.hub,
    adminToken: state.adminToken,
    defect,
    ...(options.observe && { observe: options.observe }),
    ...(options.unresolved && { unresolved: options.unresolved })
  })
  const socket = options.socket ?? join(options.state, "bleephub.sock")
  const unix = await listenSocket(app, socket)
  const [http, https] = await Promise.all([
    listenHttp(app, options.http),
    listenHttps(app, options.https, certificates)
  ])
  const dispatcher = new Dispatcher(
    state.hub,
    payloads(state.hub, () => urlsOf("http", `localhost:${portOf(http)}`)),
    defect
  )
  const merging = new Coalesced(() => runAutoMerges(state.hub), defect)
  state.hub.listen(() => {
    dispatcher.wake()
    merging.wake()
  })
  // What a crash left undelivered goes out now.
  dispatcher.wake()
  merging.wake()
  return {
    hub: state.hub,
    httpPort: portOf(http),
    httpsPort: portOf(https),
    socket,
    authorityFile: certificates.authorityFile,
    adminToken: state.adminToken,
    close: async () => {
      await Promise.all([http, https, unix].map(closed))
      await merging.idle()
      await dispatcher.idle()
      await state.close()
    }
  }
}

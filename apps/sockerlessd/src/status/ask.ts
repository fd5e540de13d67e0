import { request } from "node:http"
import type { Host } from "../config/hosts.ts"

/** What the daemon answered, or why there is no answer. */
export type Answer =
  | { readonly status: number; readonly body: string; readonly millis: number }
  | { readonly failed: string }

const DEADLINE_MILLIS = 5000

/** Asks a daemon one GET on a unix socket or plain TCP. */
export const ask = (host: Host, path: string): Promise<Answer> =>
  new Promise((resolve) => {
    const started = performance.now()
    const where =
      host.kind === "unix" ? { socketPath: host.path } : host.kind === "tcp" ? { host: host.ip, port: host.port } : {}
    const call = request({ ...where, path, method: "GET", timeout: DEADLINE_MILLIS }, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(parts).toString("utf8"),
          millis: Math.round(performance.now() - started)
        })
      )
      response.on("error", (error) => resolve({ failed: error.message }))
    })
    call.on("timeout", () => call.destroy(new Error(`no answer within ${DEADLINE_MILLIS} ms`)))
    call.on("error", (error) => resolve({ failed: error.message }))
    call.end()
  })

import { request } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"

/** The daemon died before its answer was whole: whether the call has had its effect is open. */
export class Lost extends Error {
  constructor(call: string) {
    super(`no whole answer to ${call}`)
    this.name = "Lost"
  }
}

/** Something that the product promises does not hold. */
export class Violation extends Error {
  constructor(text: string) {
    super(text)
    this.name = "Violation"
  }
}

/** A whole answer. */
export interface Answer {
  readonly status: number
  readonly body: Buffer
}

/** Docker's API of one daemon on a unix socket. */
export interface Api {
  /** Sends one call; 503 of a daemon that recovers is waited out. Fails with `Lost` or `Violation` only. */
  readonly call: (method: string, path: string, body?: object | Buffer) => Promise<Answer>
}

/** An answer may wait for a stop's grace or a recovery; what lasts longer hangs. */
const ANSWER_MILLIS = 90_000
const RETRY_MILLIS = 30

/** What Node says when a peer ends in the middle. */
const lostCodes = new Set(["ECONNRESET", "EPIPE"])

const send = (socketPath: string, method: string, path: string, body: object | Buffer | undefined): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const name = `${method} ${path}`
    const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
    const type = Buffer.isBuffer(body) ? "application/x-tar" : "application/json"
    const fail = (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      reject(lostCodes.has(error.code ?? "") ? new Lost(name) : new Violation(`${name} was refused: ${error.message}`))
    }
    const call = request({
      socketPath,
      method,
      path,
      agent: false,
      headers: {
        Host: "docker",
        // No credentials, as clients say it where a registry asks for none.
        "X-Registry-Auth": "e30=",
        ...(bytes === undefined ? {} : { "Content-Type": type, "Content-Length": bytes.length })
      }
    })
    const timer = setTimeout(() => {
      call.destroy()
      reject(new Violation(`${name} had no answer within ${ANSWER_MILLIS} ms`))
    }, ANSWER_MILLIS)
    call.once("error", fail)
    call.once("response", (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.once("error", fail)
      response.once("end", () => {
        clearTimeout(timer)
        if (response.complete) resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) })
        else reject(new Lost(name))
      })
    })
    call.end(bytes)
  })

/** The API behind a socket. */
export const makeApi = (socketPath: string): Api => ({
  call: async (method, path, body) => {
    for (;;) {
      const answer = await send(socketPath, method, path, body)
      if (answer.status !== 503) return answer
      await sleep(RETRY_MILLIS)
    }
  }
})

const describe = (answer: Answer): string => `${answer.status} ${answer.body.toString("utf8").slice(0, 300).trim()}`

/** As `call`; any other status than those named breaks a promise. */
export const expectCall = async (
  api: Api,
  statuses: ReadonlyArray<number>,
  ...[method, path, body]: Parameters<Api["call"]>
): Promise<Answer> => {
  const answer = await api.call(method, path, body)
  if (statuses.includes(answer.status)) return answer
  throw new Violation(`${method} ${path}: expected ${statuses.join(" or ")}, got ${describe(answer)}`)
}

/** Parsed JSON. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** The JSON of an answer. */
export const jsonOf = (answer: Answer): Json => JSON.parse(answer.body.toString("utf8")) as Json

/** What stands at a path of keys; undefined where there is nothing. */
export const at = (json: Json | undefined, ...keys: ReadonlyArray<string>): Json | undefined =>
  keys.reduce<Json | undefined>(
    (value, key) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? (value as { readonly [key: string]: Json })[key]
        : undefined,
    json
  )

/** A text at a path; empty where there is none. */
export const textAt = (json: Json | undefined, ...keys: ReadonlyArray<string>): string => {
  const value = at(json, ...keys)
  return typeof value === "string" ? value : ""
}

/** A number at a path; NaN where there is none. */
export const numberAt = (json: Json | undefined, ...keys: ReadonlyArray<string>): number => {
  const value = at(json, ...keys)
  return typeof value === "number" ? value : Number.NaN
}

/** The rows of a list. */
export const rowsOf = (json: Json | undefined): ReadonlyArray<Json> => (Array.isArray(json) ? json : [])

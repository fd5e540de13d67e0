import { ImageFault, imageFault } from "../faults.ts"
import type { RegistryAuth } from "../image-store.ts"
import { type Challenge, parseChallenge } from "./challenge.ts"
import { fetchFollowing, isLoopback } from "./redirects.ts"

/** Where and how registries are reached. */
export interface RegistryOptions {
  /** Hosts (with port) reached without TLS beside loopback ones. */
  readonly insecure: ReadonlyArray<string>
  /** Base URLs tried before docker.io itself. */
  readonly mirrors: ReadonlyArray<string>
}

const REQUEST_MILLIS = 30_000
/** A manifest larger than this is an attack or a mistake (distribution's own limit). */
export const MANIFEST_LIMIT = 4 * 1024 * 1024
const TOKEN_LIMIT = 1024 * 1024

/** Base URLs of a registry, in order of preference. */
export const endpointsOf = (domain: string, options: RegistryOptions): ReadonlyArray<string> => {
  if (domain === "docker.io")
    return [...options.mirrors.map((url) => url.replace(/\/+$/, "")), "https://registry-1.docker.io"]
  const insecure = isLoopback(domain) || options.insecure.includes(domain)
  return insecure ? [`http://${domain}`] : [`https://${domain}`]
}

const basic = (auth: RegistryAuth): string =>
  `Basic ${Buffer.from(`${auth.username ?? ""}:${auth.password ?? ""}`).toString("base64")}`

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // No JSON, so no token: the caller says so.
    return undefined
  }
}

const tokenIn = (body: unknown): string | undefined => {
  if (typeof body !== "object" || body === null) return undefined
  const token: unknown = "token" in body ? body.token : "access_token" in body ? body.access_token : undefined
  return typeof token === "string" ? token : undefined
}

/** A realm may only ask for credentials over TLS, or on the loopback registry that named it. */
const trustedRealm = (realm: string, endpoint: string): boolean => {
  if (!URL.canParse(realm)) return false
  const url = new URL(realm)
  return (
    url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.host) && endpoint.startsWith("http://"))
  )
}

/** One registry, one repository scope: keeps the authorization it was given. Never sends it to another host. */
export class RegistryClient {
  readonly #endpoint: string
  readonly #auth: RegistryAuth | undefined
  readonly #signal: AbortSignal
  #authorization: string | undefined

  constructor(endpoint: string, auth: RegistryAuth | undefined, signal: AbortSignal) {
    this.#endpoint = endpoint
    this.#auth = auth
    this.#signal = signal
    if (auth?.registryToken !== undefined && auth.registryToken !== "")
      this.#authorization = `Bearer ${auth.registryToken}`
  }

  /** Sends a request, answering one authentication challenge. `path` is below the endpoint, or an absolute URL. */
  async request(path: string, init: RequestInit = {}, scope = ""): Promise<Response> {
    const first = await this.#send(path, init)
    if (first.status !== 401) return first
    const challenge = parseChallenge(first.headers.get("www-authenticate") ?? "")
    await first.body?.cancel()
    if (challenge === undefined)
      throw imageFault("unauthenticated", `unauthorized: ${this.#endpoint} asks for an unknown scheme`)
    this.#authorization = await this.#authorize(challenge, scope, () => this.#asked(path, init))
    return this.#send(path, init)
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const url = new URL(path, this.#endpoint)
    const home = new URL(this.#endpoint).origin
    const headersFor = (place: URL): Headers => {
      const headers = new Headers(init.headers)
      // Redirects, upload and blob locations may name another host: credentials stay with the registry itself.
      if (this.#authorization !== undefined && place.origin === home) headers.set("Authorization", this.#authorization)
      return headers
    }
    try {
      const timeout = init.body === undefined ? [AbortSignal.timeout(REQUEST_MILLIS)] : []
      // The timeout covers the answer's head only: a body may take as long as it moves.
      const head = new AbortController()
      const forward = (): void => head.abort(new Error(`no answer within ${REQUEST_MILLIS} ms`))
      for (const signal of timeout) signal.addEventListener("abort", forward, { once: true })
      const signal = AbortSignal.any([this.#signal, head.signal])
      const response = await fetchFollowing(url, { ...init, signal }, headersFor)
      for (const signal of timeout) signal.removeEventListener("abort", forward)
      return response
    } catch (error) {
      if (error instanceof ImageFault) throw error
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ""
      const reason = cause === "" ? String(error instanceof Error ? error.message : error) : cause
      throw imageFault("failed", `Get "${this.#endpoint}/v2/": ${reason}`)
    }
  }

  /** What Docker puts before a refusal to give a manifest. */
  #asked(path: string, { method = "GET" }: RequestInit): string {
    if (!path.includes("/manifests/") || method === "PUT") return ""
    return `${method === "HEAD" ? "Head" : "Get"} "${new URL(path, this.#endpoint).href}": `
  }

  async #authorize(challenge: Challenge, scope: string, asked: () => string): Promise<string | undefined> {
    const auth = this.#auth
    if (challenge.scheme === "basic") {
      if (auth?.username === undefined || auth.username === "") {
        // Not 401, as in dockerd: clients would ask the user for a password of their own accord.
        throw imageFault("failed", `${asked()}no basic auth credentials`)
      }
      return basic(auth)
    }
    if (!trustedRealm(challenge.realm, this.#endpoint)) {
      throw imageFault(
        "failed",
        `registry ${this.#endpoint} names the token realm ${challenge.realm}, which is not https`
      )
    }
    const url = new URL(challenge.realm)
    if (challenge.service !== "") url.searchParams.set("service", challenge.service)
    url.searchParams.set("scope", challenge.scope === "" ? scope : challenge.scope)
    const headersFor = (place: URL): Headers =>
      auth?.username === undefined || auth.username === "" || place.origin !== url.origin
        ? new Headers()
        : new Headers({ Authorization: basic(auth) })
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(REQUEST_MILLIS)])
    const response = await fetchFollowing(url, { signal }, headersFor)
    if (!response.ok) {
      await response.body?.cancel()
      throw imageFault(
        "unauthenticated",
        `unauthorized: incorrect username or password (token realm answered ${response.status})`
      )
    }
    const token = tokenIn(parsed(await boundedText(response, TOKEN_LIMIT, "token")))
    if (token === undefined) throw imageFault("failed", `token realm ${challenge.realm} gave no token`)
    return `Bearer ${token}`
  }
}

/** A body as text, bounded. */
export const boundedText = async (
  body: Response | AsyncIterable<Uint8Array>,
  limit: number,
  what = "manifest"
): Promise<string> => {
  const pieces: Array<Uint8Array> = []
  let size = 0
  for await (const piece of body instanceof Response ? (body.body ?? []) : body) {
    size += piece.length
    if (size > limit) throw new ImageFault({ kind: "failed", text: `${what} is larger than ${limit} bytes` })
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString("utf8")
}

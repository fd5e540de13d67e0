import { createHash, randomUUID } from "node:crypto"
import {
  anonymous,
  BadRequest,
  canSee,
  fullName,
  type Hub,
  repositoryMoved,
  repositoryNamed,
  type Viewer,
  viewerOfHeader
} from "@sockerless/bleephub-core"
import type { OperationRow } from "../operations/table.ts"
import { Call, type Operation, Reply } from "./call.ts"
import { decodeBody, decodeTexts } from "./decode.ts"
import { ENTERPRISE_VERSION } from "./enterprise-version.ts"
import { failureOf } from "./failure.ts"
import type { Limits } from "./limits.ts"
import type { Urls } from "./urls.ts"

const API_VERSIONS = ["2022-11-28", "2026-03-10"]

/** What an answer was, for whoever checks answers. */
export interface Served {
  readonly operationId: string
  readonly status: number
  readonly contentType: string | null
  readonly body: string
}

export interface Serving {
  readonly hub: Hub
  readonly limits: Limits
  /** Told of every answer of a described operation before it is sent. */
  readonly observe: ((served: Served) => void) | undefined
  /** Told of what went wrong in a way nobody foresaw. */
  readonly defect: (error: unknown) => void
}

interface Asked {
  readonly request: Request
  readonly urls: Urls
  readonly parameters: Readonly<Record<string, string>>
}

const headersFor = (serving: Serving, viewer: Viewer, version: string): Headers => {
  const window = serving.limits.take(viewer)
  const headers = new Headers({
    "content-type": "application/json; charset=utf-8",
    "x-github-media-type": "github.v3; format=json",
    "x-github-request-id": randomUUID(),
    "x-github-enterprise-version": ENTERPRISE_VERSION,
    "x-github-api-version-selected": version,
    "x-ratelimit-limit": String(window.limit),
    "x-ratelimit-remaining": String(window.limit - window.used),
    "x-ratelimit-used": String(window.used),
    "x-ratelimit-reset": String(Math.floor(window.reset / 1000)),
    "x-ratelimit-resource": "core",
    "access-control-allow-origin": "*",
    vary: "Accept, Authorization, Cookie, X-GitHub-OTP",
    "cache-control": viewer.account === null ? "public, max-age=60, s-maxage=60" : "private, max-age=60, s-maxage=60"
  })
  if (viewer.token !== null) {
    headers.set("x-oauth-scopes", viewer.token.scopes.join(", "))
    headers.set("x-accepted-oauth-scopes", "")
    const { expiresAt } = viewer.token
    if (expiresAt !== null) {
      headers.set("github-authentication-token-expiration", new Date(expiresAt).toISOString())
    }
  }
  return headers
}

const versionOf = (request: Request): string => {
  const asked = request.headers.get("x-github-api-version") ?? API_VERSIONS[0] ?? ""
  if (!API_VERSIONS.includes(asked)) {
    throw new BadRequest({ reason: `"${asked}" is not a supported API version.` })
  }
  return asked
}

/** The answer to a request that nobody here can serve: GitHub's 404, and the operation's name when it is one. */
const unimplemented = (row: OperationRow, headers: Headers): Response => {
  headers.set("x-bleephub-unimplemented", row.id)
  const body = { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" }
  return new Response(JSON.stringify(body), { status: 404, headers })
}

/** Where the repository of the path is now, when it had this name before and the viewer may know. */
const movedTo = (hub: Hub, viewer: Viewer, asked: Asked): string | undefined => {
  const { owner, repo } = asked.parameters
  if (owner === undefined || repo === undefined || repositoryNamed(hub, owner, repo) !== undefined) return undefined
  const repository = repositoryMoved(hub, owner, repo)
  if (repository === undefined || !canSee(hub, viewer, repository)) return undefined
  const { pathname, search } = new URL(asked.request.url)
  const rest = pathname.replace(/^(\/api\/v3)?\/repos\/[^/]+\/[^/]+/, "")
  return `${asked.urls.api}/repos/${fullName(hub, repository)}${rest}${search}`
}

const redirect = (row: OperationRow, url: string, headers: Headers): Response => {
  headers.set("location", url)
  const permanent = row.method === "GET"
  const body = {
    message: permanent ? "Moved Permanently" : "Temporary Redirect",
    url,
    documentation_url: "https://docs.github.com/rest"
  }
  return new Response(JSON.stringify(body), { status: permanent ? 301 : 307, headers })
}

const callOf = async (serving: Serving, row: OperationRow, viewer: Viewer, asked: Asked): Promise<Call<never>> => {
  const query = Object.fromEntries(new URL(asked.request.url).searchParams)
  const decoded: { readonly path: never; readonly query: never; readonly body: never } = Object.assign(
    Object.create(null),
    {
      path: decodeTexts(asked.parameters, row.pathFields),
      query: decodeTexts(query, row.queryFields),
      body: row.takesBody ? decodeBody(await asked.request.text(), row.bodyFields) : undefined
    }
  )
  return new Call({ hub: serving.hub, viewer, urls: asked.urls, request: asked.request, ...decoded })
}

const answerOf = (row: OperationRow, result: unknown, headers: Headers): Response => {
  if (result instanceof Response) return withHeaders(result, headers)
  const reply = result instanceof Reply ? result : undefined
  const body: unknown = reply === undefined ? result : reply.body
  const status = reply?.status ?? (body === undefined ? 204 : (row.success.find((one) => one !== 204) ?? 200))
  if (body === undefined) {
    headers.delete("content-type")
    return new Response(null, { status, headers })
  }
  return new Response(JSON.stringify(body), { status, headers })
}

const withHeaders = (response: Response, headers: Headers): Response => {
  const merged = new Headers(headers)
  for (const [name, value] of response.headers) merged.set(name, value)
  return new Response(response.body, { status: response.status, headers: merged })
}

/** Answers 304 when the client has this very answer already; only whole JSON answers to GET have a tag. */
const conditional = (request: Request, response: Response, text: string): Response => {
  if (request.method !== "GET" || response.status !== 200) return response
  const tag = `"${createHash("sha1").update(text).digest("hex")}"`
  response.headers.set("etag", `W/${tag}`)
  const named = (request.headers.get("if-none-match") ?? "").split(",")
  const known = new Set(named.map((one) => one.trim().replace(/^W\//, "")))
  if (!known.has(tag) && !known.has("*")) return response
  const headers = new Headers(response.headers)
  headers.delete("content-type")
  return new Response(null, { status: 304, headers })
}

/** Serves one operation: who asks, what is asked, the answer or GitHub's failure, the headers of every answer. */
export const serveOperation = async (
  serving: Serving,
  row: OperationRow,
  served: Operation | undefined,
  asked: Asked
): Promise<Response> => {
  let headers = headersFor(serving, anonymous, API_VERSIONS[0] ?? "")
  try {
    const viewer = viewerOfHeader(serving.hub, asked.request.headers.get("authorization") ?? undefined)
    headers = headersFor(serving, viewer, versionOf(asked.request))
    if (served === undefined) return unimplemented(row, headers)
    const moved = movedTo(serving.hub, viewer, asked)
    if (moved !== undefined) return redirect(row, moved, headers)
    const call = await callOf(serving, row, viewer, asked)
    const result = await served.serve(call)
    for (const [name, value] of Object.entries(call.answerHeaders)) headers.set(name, value)
    return await sent(serving, row, asked.request, answerOf(row, result, headers))
  } catch (thrown) {
    const failure = failureOf(thrown)
    if (failure === undefined) serving.defect(thrown)
    const { status, body } = failure ?? { status: 500, body: { message: "Server Error" } }
    return sent(serving, row, asked.request, new Response(JSON.stringify(body), { status, headers }))
  }
}

const sent = async (serving: Serving, row: OperationRow, request: Request, response: Response): Promise<Response> => {
  const contentType = response.headers.get("content-type")
  if (contentType?.includes("json") !== true) {
    serving.observe?.({ operationId: row.id, status: response.status, contentType, body: "" })
    return response
  }
  const body = await response.text()
  serving.observe?.({ operationId: row.id, status: response.status, contentType, body })
  return conditional(request, new Response(body, response), body)
}

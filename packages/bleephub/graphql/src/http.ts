import { type Hub, isHubFault, viewerOfHeader } from "@sockerless/bleephub-core"
import { type Context as HonoContext, Hono } from "hono"
import { executeQuery, type GraphQLRequest } from "./engine/execute.ts"
import type { Urls } from "./engine/context.ts"

export interface GraphQLOptions {
  readonly hub: Hub
  /** The addresses that a client sees which called this scheme and host. */
  readonly urlsOf: (scheme: string, host: string) => Urls
  /** Told of each field that was asked for and that nothing here resolves. */
  readonly unresolved?: (field: string) => void
  readonly defect?: (error: unknown) => void
}

const DOCUMENTATION = "https://docs.github.com/graphql"

const readRequest = async (request: Request): Promise<GraphQLRequest | undefined> => {
  const body: unknown = await request.json().catch(() => undefined)
  if (typeof body !== "object" || body === null || !("query" in body) || typeof body.query !== "string")
    return undefined
  const variables = "variables" in body && typeof body.variables === "object" ? body.variables : null
  const operationName =
    "operationName" in body && typeof body.operationName === "string" ? body.operationName : undefined
  return {
    query: body.query,
    variables: { ...variables },
    operationName: operationName === "" ? undefined : operationName
  }
}

const serve = async (options: GraphQLOptions, c: HonoContext<{ Bindings: { readonly scheme: string } }>) => {
  const { hub } = options
  try {
    const viewer = viewerOfHeader(hub, c.req.header("authorization"))
    if (viewer.account === null) {
      const message = "This endpoint requires you to be authenticated."
      return c.json({ message, documentation_url: DOCUMENTATION, status: "401" }, 401)
    }
    const request = await readRequest(c.req.raw)
    if (request === undefined)
      return c.json({ message: "Problems parsing JSON", documentation_url: DOCUMENTATION }, 400)
    const context = {
      hub,
      viewer,
      urls: options.urlsOf(c.env.scheme, c.req.header("host") ?? "localhost"),
      unresolved: options.unresolved ?? (() => undefined)
    }
    c.header("x-oauth-scopes", viewer.token?.scopes.join(", ") ?? "")
    c.header("x-github-media-type", "github.v4; format=json")
    return c.json(await executeQuery(request, context, options.defect ?? ((error) => console.error(error))))
  } catch (error) {
    if (!isHubFault(error)) throw error
    return c.json({ message: error.message, documentation_url: DOCUMENTATION, status: "401" }, 401)
  }
}

/** GitHub's GraphQL API at `/api/graphql`, and at `/graphql` for `api.` hosts. */
export const graphqlApp = (options: GraphQLOptions): Hono<{ Bindings: { readonly scheme: string } }> => {
  const app = new Hono<{ Bindings: { readonly scheme: string } }>()
  for (const path of ["/api/graphql", "/graphql", "/api/v3/graphql"]) app.post(path, (c) => serve(options, c))
  return app
}

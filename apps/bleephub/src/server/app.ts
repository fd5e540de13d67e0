import type { Hub } from "@sockerless/bleephub-core"
import { type Bindings, restApp, type Served, urlsOf } from "@sockerless/bleephub-rest"
import { Hono } from "hono"
import { TrieRouter } from "hono/router/trie-router"
import { adminRoutes } from "./admin-routes.ts"

export interface AppOptions {
  readonly hub: Hub
  readonly adminToken: string
  /** Told of every REST answer before it is sent. */
  readonly observe?: (served: Served) => void
  /** Told of each GraphQL field that was asked for and that nothing resolves. */
  readonly unresolved?: (field: string) => void
  /** Told of what went wrong in a way nobody foresaw. */
  readonly defect: (error: unknown) => void
}

/** Everything one server answers: REST, GraphQL, git, and the set-up commands of its owner. */
export const makeApp = (options: AppOptions): Hono<{ Bindings: Bindings }> => {
  const app = new Hono<{ Bindings: Bindings }>({ router: new TrieRouter() })
  // GraphQL's engine and schema are read when the first query comes: a start must not wait for them.
  let graphql:
    | Promise<{ readonly fetch: (request: Request, env: Bindings) => Response | Promise<Response> }>
    | undefined
  const loadGraphql = async () => (await import("@sockerless/bleephub-graphql")).graphqlApp({ ...options, urlsOf })
  for (const path of ["/api/graphql", "/graphql", "/api/v3/graphql"]) {
    app.post(path, async (c) => (await (graphql ??= loadGraphql())).fetch(c.req.raw, c.env))
  }
  app.route("/_bleephub", adminRoutes(options.hub, options.adminToken))
  app.mount("/", restApp(options).fetch, { replaceRequest: (request) => request })
  app.onError((error, c) => {
    options.defect(error)
    return c.json({ message: "Server Error" }, 500)
  })
  return app
}

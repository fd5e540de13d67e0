import type { Hub } from "@sockerless/bleephub-core"
import { Hono } from "hono"
import { TrieRouter } from "hono/router/trie-router"
import { gitRoutes } from "./git-http/routes.ts"
import { olderRef } from "./git-data/branch-operations.ts"
import { operationRows } from "./operations/table.ts"
import { implemented } from "./operations/implemented.ts"
import { Limits } from "./wire/limits.ts"
import { type Served, serveOperation, type Serving } from "./wire/serve.ts"
import type { Bindings } from "./wire/bindings.ts"
import { urlsOf } from "./wire/urls.ts"

export interface RestOptions {
  readonly hub: Hub
  readonly observe?: (served: Served) => void
  readonly defect?: (error: unknown) => void
}

/** The last parameter of these paths may hold slashes. */
const RESTS = /\{(path|ref|basehead|branch|tag|name)\}$/

const honoPath = (path: string): string => path.replace(RESTS, ":$1{.+}").replaceAll(/\{(\w+)\}/g, ":$1")

/** GitHub's REST API at `/api/v3` (and at the root of `api.` hosts), and git over HTTP. */
export const restApp = (options: RestOptions): Hono<{ Bindings: Bindings }> => {
  const serving: Serving = {
    hub: options.hub,
    limits: new Limits(options.hub.now),
    observe: options.observe,
    defect: options.defect ?? ((error) => console.error(error))
  }
  const api = new Hono<{ Bindings: Bindings }>({ router: new TrieRouter() })
  const posts = new Set(operationRows.filter((row) => row.method === "POST").map((row) => row.path))
  for (const row of operationRows) {
    // The older form of a comparison is the same address as the newer one.
    if (row.path.includes("...")) continue
    const served = implemented.get(row.id)
    // GitHub takes POST for PATCH where POST means nothing else, and gh changes gists so.
    const methods = row.method === "PATCH" && !posts.has(row.path) ? ["PATCH", "POST"] : [row.method]
    api.on(methods, [honoPath(row.path)], (c) =>
      serveOperation(serving, row, served, {
        request: c.req.raw,
        urls: urlsOf(c.env.scheme, c.req.header("host") ?? "localhost"),
        parameters: c.req.param()
      })
    )
  }
  const refRow = operationRows.find((row) => row.id === "git/get-ref")
  if (refRow !== undefined) {
    api.get("/repos/:owner/:repo/git/refs/:ref{.+}", (c) =>
      serveOperation(serving, refRow, olderRef, {
        request: c.req.raw,
        urls: urlsOf(c.env.scheme, c.req.header("host") ?? "localhost"),
        parameters: c.req.param()
      })
    )
  }
  const app = new Hono<{ Bindings: Bindings }>({
    router: new TrieRouter(),
    getPath: (request) => {
      const { host, pathname: whole } = new URL(request.url)
      const pathname = whole.length > 1 ? whole.replace(/\/$/, "") : whole
      if (pathname.startsWith("/api/uploads/")) return pathname.replace("/api/uploads/", "/api/v3/")
      const bare = host.startsWith("api.") || host.startsWith("uploads.")
      return bare && !pathname.startsWith("/api/") ? `/api/v3${pathname}` : pathname
    }
  })
  app.route("/api/v3", api)
  app.route("/", gitRoutes(serving))
  app.notFound((c) =>
    c.json({ message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" }, 404)
  )
  return app
}

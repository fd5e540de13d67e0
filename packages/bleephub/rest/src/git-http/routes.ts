import {
  findRepository,
  isHubFault,
  pushDecision,
  type Repository,
  requireAccount,
  requireRole,
  type Viewer,
  viewerOfHeader
} from "@sockerless/bleephub-core"
import { advertise, receivePack, repositoryPath, type Service, uploadPack } from "@sockerless/bleephub-git"
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response"
import { type Context, Hono } from "hono"
import { TrieRouter } from "hono/router/trie-router"
import type { Bindings } from "../wire/bindings.ts"
import type { Serving } from "../wire/serve.ts"

type GitContext = Context<{ Bindings: Bindings }, "/:owner/:repo/*">

interface Target {
  readonly viewer: Viewer
  readonly repository: Repository
}

const target = (serving: Serving, c: GitContext, service: Service): Target => {
  const viewer = viewerOfHeader(serving.hub, c.req.header("authorization"))
  // Git asks for a password only when it is told 401, so whoever shows none is never told 404.
  if (service === "git-receive-pack") requireAccount(viewer)
  const repo = c.req.param("repo").replace(/\.git$/, "")
  try {
    const repository = findRepository(serving.hub, viewer, { owner: c.req.param("owner"), repo })
    if (service === "git-receive-pack") requireRole(serving.hub, viewer, repository, { role: "write" })
    return { viewer, repository }
  } catch (fault) {
    if (isHubFault(fault) && fault.kind === "not-found") requireAccount(viewer)
    throw fault
  }
}

const guarded = async (serving: Serving, serve: () => Promise<Response>): Promise<Response> => {
  try {
    return await serve()
  } catch (fault) {
    if (fault instanceof RangeError) return new Response(`${fault.message}\n`, { status: 400 })
    if (!isHubFault(fault)) {
      serving.defect(fault)
      return new Response("Server Error\n", { status: 500 })
    }
    if (fault.kind === "unauthenticated") {
      const headers = { "www-authenticate": 'Basic realm="GitHub"' }
      return new Response("Authentication required\n", { status: 401, headers })
    }
    if (fault.kind === "not-found") return new Response("Repository not found.\n", { status: 404 })
    return new Response(`${fault.message}\n`, { status: 403 })
  }
}

const isService = (text: string | undefined): text is Service =>
  text === "git-upload-pack" || text === "git-receive-pack"

/** Git's smart protocol at `/owner/name.git`, decided by the same checks as everything else. */
export const gitRoutes = (serving: Serving): Hono<{ Bindings: Bindings }> => {
  const { hub } = serving
  const app = new Hono<{ Bindings: Bindings }>({ router: new TrieRouter() })
  const pathOf = (repository: Repository): string => repositoryPath(hub.repositoriesFolder, repository.id)

  app.get("/:owner/:repo/info/refs", (c) =>
    guarded(serving, async () => {
      const service = c.req.query("service")
      if (!isService(service)) return new Response("Please upgrade your git client.\n", { status: 403 })
      const { repository } = target(serving, c, service)
      await advertise(service, pathOf(repository), c.env.incoming, c.env.outgoing)
      return RESPONSE_ALREADY_SENT
    })
  )
  app.post("/:owner/:repo/git-upload-pack", (c) =>
    guarded(serving, async () => {
      const { repository } = target(serving, c, "git-upload-pack")
      await uploadPack(pathOf(repository), c.env.incoming, c.env.outgoing)
      return RESPONSE_ALREADY_SENT
    })
  )
  app.post("/:owner/:repo/git-receive-pack", (c) =>
    guarded(serving, async () => {
      const { viewer, repository } = target(serving, c, "git-receive-pack")
      const decision = pushDecision(hub, requireAccount(viewer), repository)
      await hub.exclusive(repository.id, () =>
        receivePack(pathOf(repository), c.env.incoming, c.env.outgoing, decision)
      )
      return RESPONSE_ALREADY_SENT
    })
  )
  return app
}

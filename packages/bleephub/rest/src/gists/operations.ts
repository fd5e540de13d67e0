import {
  type Account,
  createGist,
  findGist,
  findUser,
  Forbidden,
  type Gist,
  hasScope,
  nodeId,
  ownGist,
  requireAccount,
  updateGist
} from "@sockerless/bleephub-core"
import { isoTime, simpleUser } from "../accounts/render.ts"
import type { View } from "../repositories/render.ts"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId, Schemas } from "../wire/types.ts"

const base = (view: View, gist: Gist) => {
  const url = `${view.urls.api}/gists/${gist.key}`
  return {
    url,
    forks_url: `${url}/forks`,
    commits_url: `${url}/commits`,
    comments_url: `${url}/comments`,
    id: gist.key,
    node_id: nodeId("G", gist.id),
    git_pull_url: `${view.urls.html}/gist/${gist.key}.git`,
    git_push_url: `${view.urls.html}/gist/${gist.key}.git`,
    html_url: `${view.urls.html}/gist/${gist.key}`,
    public: gist.public,
    created_at: isoTime(gist.createdAt),
    updated_at: isoTime(gist.updatedAt),
    description: gist.description,
    comments: 0,
    user: null,
    owner: simpleUser(view.urls, view.hub.tables.accounts.need(gist.ownerId)),
    truncated: false
  }
}

const fileOf = (view: View, gist: Gist, file: Gist["files"][number]) => ({
  filename: file.name,
  type: "text/plain",
  language: "Text",
  raw_url: `${view.urls.html}/gist/${gist.key}/raw/${encodeURIComponent(file.name)}`,
  size: Buffer.byteLength(file.content)
})

const baseGist = (view: View, gist: Gist): Schemas["base-gist"] => ({
  ...base(view, gist),
  files: Object.fromEntries(gist.files.map((file) => [file.name, fileOf(view, gist, file)]))
})

const fullGist = (view: View, gist: Gist): Schemas["gist-simple"] => ({
  ...base(view, gist),
  forks: [],
  history: [],
  user: null,
  files: Object.fromEntries(
    gist.files.map((file) => [
      file.name,
      { ...fileOf(view, gist, file), truncated: false, content: file.content, encoding: "utf-8" }
    ])
  )
})

const requireGistScope = (call: Call<OperationId>): Account => {
  const account = requireAccount(call.viewer)
  if (!hasScope(call.viewer, "gist"))
    throw new Forbidden({ reason: "Resource not accessible by personal access token" })
  return account
}

/** Gists. */
export const gistOperations = [
  operation("gists/list", (call) => {
    const account = requireAccount(call.viewer)
    return call.page(call.hub.tables.gists.where("owner", account.id).toReversed(), (gist) => baseGist(call, gist))
  }),
  operation("gists/list-public", (call) => {
    const all = call.hub.tables.gists.all().filter((gist) => gist.public)
    return call.page(all.toReversed(), (gist) => baseGist(call, gist))
  }),
  operation("gists/list-for-user", (call) => {
    const account = findUser(call.hub, call.path.username)
    const all = call.hub.tables.gists.where("owner", account.id).filter((gist) => gist.public)
    return call.page(all.toReversed(), (gist) => baseGist(call, gist))
  }),
  operation("gists/get", (call) => fullGist(call, findGist(call.hub, call.path.gist_id))),
  operation("gists/create", async (call) => {
    const account = requireGistScope(call)
    const files = Object.entries(call.body.files).map(([name, file]) => ({ name, content: file.content }))
    const { description = null } = call.body
    const isPublic = call.body.public === true || call.body.public === "true"
    const gist = await call.hub.change(() => createGist(call.hub, account, { description, public: isPublic, files }))
    call.answerHeaders["location"] = base(call, gist).url
    return fullGist(call, gist)
  }),
  operation("gists/update", async (call) => {
    const gist = ownGist(call.hub, requireGistScope(call), call.path.gist_id)
    const files = Object.fromEntries(
      Object.entries(call.body?.files ?? {}).map(([name, file]) => [
        name,
        file === null ? null : { content: file.content, name: file.filename ?? undefined }
      ])
    )
    const change = { description: call.body?.description, files }
    return fullGist(call, await call.hub.change(() => updateGist(call.hub, gist, change)))
  }),
  operation("gists/delete", async (call) => {
    const gist = ownGist(call.hub, requireGistScope(call), call.path.gist_id)
    await call.hub.change(() => call.hub.tables.gists.remove(gist.id))
  })
]

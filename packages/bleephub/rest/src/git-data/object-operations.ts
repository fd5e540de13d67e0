import {
  findRepository,
  fullName,
  notFound,
  personOf,
  requireAccount,
  requireWriter,
  unprocessable
} from "@sockerless/bleephub-core"
import {
  type Person,
  readBlob,
  readCommit,
  readTree,
  typeOf,
  writeBlob,
  writeCommit,
  writeTree
} from "@sockerless/bleephub-git"
import { nodeId } from "@sockerless/bleephub-core"
import { operation } from "../wire/call.ts"
import { gitCommitJson, pathOf } from "./render.ts"

interface Signature {
  readonly name: string
  readonly email: string
  readonly date?: string
}

const personFrom = (given: Partial<Signature> | undefined, fallback: Person): Person => ({
  name: given?.name ?? fallback.name,
  email: given?.email ?? fallback.email,
  at: given?.date === undefined ? fallback.at : Date.parse(given.date)
})

/** Git's own objects: commits, trees, blobs. */
export const objectOperations = [
  operation("git/get-commit", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const commit = await readCommit(pathOf(call, repository), call.path.commit_sha)
    if (commit === undefined) throw notFound()
    return gitCommitJson(call, repository, commit)
  }),
  operation("git/create-commit", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const path = pathOf(call, repository)
    if ((await typeOf(path, call.body.tree)) !== "tree") throw unprocessable("Tree SHA does not exist")
    const author = personFrom(call.body.author, personOf(call.hub, requireAccount(call.viewer)))
    const sha = await writeCommit(path, {
      tree: call.body.tree,
      parents: call.body.parents ?? [],
      message: call.body.message,
      author,
      committer: personFrom(call.body.committer, author)
    })
    const commit = await readCommit(path, sha)
    if (commit === undefined) throw notFound()
    return gitCommitJson(call, repository, commit)
  }),
  operation("git/get-tree", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const recursive = call.query.recursive !== undefined
    const path = pathOf(call, repository)
    const entries = await readTree(path, call.path.tree_sha, recursive)
    if (entries === undefined) throw notFound()
    const api = `${call.urls.api}/repos/${fullName(call.hub, repository)}/git`
    return {
      sha: call.path.tree_sha,
      url: `${api}/trees/${call.path.tree_sha}`,
      truncated: false,
      tree: entries.map((entry) => ({
        path: entry.path,
        mode: entry.mode,
        type: entry.type,
        sha: entry.sha,
        ...(entry.size !== null && { size: entry.size }),
        ...(entry.type !== "commit" && { url: `${api}/${entry.type}s/${entry.sha}` })
      }))
    }
  }),
  operation("git/create-tree", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const path = pathOf(call, repository)
    const changes = []
    for (const entry of call.body.tree) {
      if (entry.path === undefined) throw unprocessable("tree.path wasn't supplied")
      const sha = entry.content === undefined ? entry.sha : await writeBlob(path, Buffer.from(entry.content))
      changes.push({ path: entry.path, mode: entry.mode ?? "100644", sha: sha ?? null })
    }
    const sha = await writeTree(path, call.body.base_tree, changes)
    const entries = (await readTree(path, sha)) ?? []
    const api = `${call.urls.api}/repos/${fullName(call.hub, repository)}/git`
    return {
      sha,
      url: `${api}/trees/${sha}`,
      truncated: false,
      tree: entries.map((entry) => ({
        path: entry.path,
        mode: entry.mode,
        type: entry.type,
        sha: entry.sha,
        ...(entry.size !== null && { size: entry.size }),
        url: `${api}/${entry.type}s/${entry.sha}`
      }))
    }
  }),
  operation("git/get-blob", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const path = pathOf(call, repository)
    if ((await typeOf(path, call.path.file_sha)) !== "blob") throw notFound()
    const content = await readBlob(path, call.path.file_sha)
    if (call.accepts("raw")) {
      return new Response(new Uint8Array(content), { headers: { "content-type": "application/vnd.github.raw" } })
    }
    return {
      sha: call.path.file_sha,
      node_id: nodeId("B", repository.id),
      size: content.length,
      url: `${call.urls.api}/repos/${fullName(call.hub, repository)}/git/blobs/${call.path.file_sha}`,
      content: content.toString("base64").replaceAll(/.{60}/g, "$&\n"),
      encoding: "base64"
    }
  }),
  operation("git/create-blob", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const encoding = call.body.encoding === "base64" ? "base64" : "utf8"
    const sha = await writeBlob(pathOf(call, repository), Buffer.from(call.body.content, encoding))
    return { sha, url: `${call.urls.api}/repos/${fullName(call.hub, repository)}/git/blobs/${sha}` }
  })
]

import {
  Conflict,
  findRepository,
  fullName,
  moveRefs,
  notFound,
  personOf,
  refuseRef,
  type Repository,
  requireWriter,
  unprocessable
} from "@sockerless/bleephub-core"
import {
  archive,
  readBlob,
  readCommit,
  readRef,
  readTree,
  resolve,
  type TreeEntry,
  writeBlob,
  writeCommit,
  writeTree,
  ZERO
} from "@sockerless/bleephub-git"
import { Readable } from "node:stream"
import { type Call, operation, Reply } from "../wire/call.ts"
import type { OperationId, Schemas } from "../wire/types.ts"
import { gitCommitJson, pathOf } from "./render.ts"

const linksOf = (call: Call<OperationId>, repository: Repository, entry: TreeEntry, path: string, ref: string) => {
  const name = fullName(call.hub, repository)
  const encoded = path.split("/").map(encodeURIComponent).join("/")
  const kind = entry.type === "tree" ? "tree" : "blob"
  const self = `${call.urls.api}/repos/${name}/contents/${encoded}?ref=${ref}`
  const git = `${call.urls.api}/repos/${name}/git/${kind}s/${entry.sha}`
  const html = `${call.urls.html}/${name}/${kind}/${ref}/${encoded}`
  return {
    url: self,
    git_url: git,
    html_url: html,
    download_url: kind === "tree" ? null : `${call.urls.html}/${name}/raw/${ref}/${encoded}`,
    _links: { self, git, html }
  }
}

const inFolder = (call: Call<OperationId>, repository: Repository, entry: TreeEntry, folder: string, ref: string) => {
  const path = folder === "" ? entry.path : `${folder}/${entry.path}`
  const type =
    entry.type === "tree" ? ("dir" as const) : entry.type === "commit" ? ("submodule" as const) : ("file" as const)
  return {
    name: entry.path,
    path,
    sha: entry.sha,
    size: entry.size ?? 0,
    type: type === "submodule" ? ("file" as const) : type,
    ...linksOf(call, repository, entry, path, ref)
  }
}

const fileJson = async (
  call: Call<OperationId>,
  repository: Repository,
  entry: TreeEntry,
  path: string,
  ref: string
): Promise<Schemas["content-file"]> => {
  const content = await readBlob(pathOf(call, repository), entry.sha)
  return {
    name: path.split("/").at(-1) ?? path,
    path,
    sha: entry.sha,
    size: content.length,
    type: "file",
    encoding: "base64",
    content: content.toString("base64").replaceAll(/.{60}/g, "$&\n"),
    ...linksOf(call, repository, entry, path, ref)
  }
}

const rawAnswer = async (call: Call<OperationId>, repository: Repository, sha: string): Promise<Response> => {
  const content = await readBlob(pathOf(call, repository), sha)
  return new Response(new Uint8Array(content), {
    headers: { "content-type": "application/vnd.github.raw; charset=utf-8" }
  })
}

/** The entry of a path in a commit, or undefined. */
const entryAt = async (gitPath: string, commit: string, path: string): Promise<TreeEntry | undefined> => {
  const cut = path.lastIndexOf("/")
  const folder = cut === -1 ? "" : path.slice(0, cut)
  const entries = await readTree(gitPath, `${commit}:${folder}`)
  return entries?.find((entry) => entry.path === path.slice(cut + 1))
}

const content = async (call: Call<"repos/get-content">) => {
  const repository = findRepository(call.hub, call.viewer, call.path)
  const gitPath = pathOf(call, repository)
  const ref = call.query.ref ?? repository.defaultBranch
  const commit = await resolve(gitPath, `${ref}^{commit}`)
  if (commit === undefined) {
    throw notFound(call.query.ref === undefined ? "This repository is empty." : `No commit found for the ref ${ref}`)
  }
  const path = call.path.path.replaceAll(/^\/+|\/+$/g, "")
  if (path === "") {
    const entries = (await readTree(gitPath, commit)) ?? []
    return entries.map((entry) => inFolder(call, repository, entry, "", ref))
  }
  const entry = await entryAt(gitPath, commit, path)
  if (entry === undefined) throw notFound()
  if (entry.type === "tree") {
    const entries = (await readTree(gitPath, entry.sha)) ?? []
    return entries.map((one) => inFolder(call, repository, one, path, ref))
  }
  if (call.accepts("raw")) return rawAnswer(call, repository, entry.sha)
  return fileJson(call, repository, entry, path, ref)
}

interface Edit {
  readonly repository: Repository
  readonly path: string
  readonly branch: string | undefined
  readonly message: string
  readonly author: { readonly name?: string; readonly email?: string } | undefined
  /** The blob the caller believes is there. */
  readonly expected: string | undefined
  /** The new content; undefined removes the file. */
  readonly content: Buffer | undefined
}

const commitEdit = async (call: Call<OperationId>, edit: Edit) => {
  const { repository } = edit
  const actor = requireWriter(call.hub, call.viewer, repository)
  const gitPath = pathOf(call, repository)
  const branch = edit.branch ?? repository.defaultBranch
  const ref = `refs/heads/${branch}`
  return call.hub.exclusive(repository.id, async () => {
    const old = (await readRef(gitPath, ref))?.sha
    if (old === undefined && edit.branch !== undefined && edit.branch !== repository.defaultBranch) {
      throw notFound(`Branch ${branch} not found`)
    }
    const known = old === undefined ? undefined : await entryAt(gitPath, old, edit.path)
    if (known !== undefined && edit.expected === undefined)
      throw unprocessable(`Invalid request.\n\n"sha" wasn't supplied.`)
    if (edit.expected !== undefined && known?.sha !== edit.expected) {
      throw new Conflict({ reason: `${edit.path} does not match ${edit.expected}` })
    }
    if (edit.content === undefined && known === undefined) throw notFound()
    const blob = edit.content === undefined ? null : await writeBlob(gitPath, edit.content)
    const tree = await writeTree(gitPath, old, [{ path: edit.path, mode: known?.mode ?? "100644", sha: blob }])
    const own = personOf(call.hub, actor)
    const author = {
      ...own,
      ...(edit.author?.name && { name: edit.author.name }),
      ...(edit.author?.email && { email: edit.author.email })
    }
    const sha = await writeCommit(gitPath, {
      tree,
      parents: old === undefined ? [] : [old],
      message: edit.message,
      author,
      committer: own
    })
    const update = { ref, old: old ?? ZERO, new: sha }
    const refusal = await refuseRef(call.hub, actor, repository, update)
    if (refusal !== undefined) throw new Conflict({ reason: refusal })
    await moveRefs(call.hub, actor, repository, [update])
    const commit = await readCommit(gitPath, sha)
    if (commit === undefined) throw notFound()
    const entry = await entryAt(gitPath, sha, edit.path)
    return { commit: gitCommitJson(call, repository, commit), entry, created: known === undefined, branch }
  })
}

const README = /^readme(\.(md|markdown|txt|rst|adoc))?$/i

const archiveAnswer = async (
  call: Call<"repos/download-tarball-archive" | "repos/download-zipball-archive">,
  format: "tar.gz" | "zip"
) => {
  const repository = findRepository(call.hub, call.viewer, call.path)
  const gitPath = pathOf(call, repository)
  const ref = call.path.ref === "" ? repository.defaultBranch : call.path.ref
  const sha = await resolve(gitPath, `${ref}^{commit}`)
  if (sha === undefined) throw notFound()
  const name = `${fullName(call.hub, repository).replace("/", "-")}-${sha.slice(0, 7)}`
  return new Response(Readable.toWeb(archive(gitPath, sha, format, name)), {
    headers: {
      "content-type": format === "zip" ? "application/zip" : "application/x-gzip",
      "content-disposition": `attachment; filename=${name}.${format}`
    }
  })
}

/** Files: read, write, remove, archives. */
export const contentOperations = [
  operation("repos/get-content", content),
  operation("repos/create-or-update-file-contents", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const { entry, commit, created, branch } = await commitEdit(call, {
      repository,
      path: call.path.path,
      branch: call.body.branch,
      message: call.body.message,
      author: call.body.author ?? call.body.committer,
      expected: call.body.sha,
      content: Buffer.from(call.body.content, "base64")
    })
    if (entry === undefined) throw notFound()
    const path = call.path.path
    const links = linksOf(call, repository, entry, path, branch)
    const name = path.split("/").at(-1) ?? path
    const file = { name, path, sha: entry.sha, size: entry.size ?? 0, type: "file", ...links, download_url: links.url }
    return new Reply(created ? 201 : 200, { content: file, commit })
  }),
  operation("repos/delete-file", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const { commit } = await commitEdit(call, {
      repository,
      path: call.path.path,
      branch: call.body.branch,
      message: call.body.message,
      author: call.body.author ?? call.body.committer,
      expected: call.body.sha,
      content: undefined
    })
    return { content: null, commit }
  }),
  operation("repos/get-readme", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const ref = call.query.ref ?? repository.defaultBranch
    const entries = await readTree(pathOf(call, repository), ref)
    const entry = entries?.find((one) => README.test(one.path))
    if (entry === undefined) throw notFound()
    if (call.accepts("raw")) return rawAnswer(call, repository, entry.sha)
    return fileJson(call, repository, entry, entry.path, ref)
  }),
  operation("repos/download-tarball-archive", (call) => archiveAnswer(call, "tar.gz")),
  operation("repos/download-zipball-archive", (call) => archiveAnswer(call, "zip"))
]

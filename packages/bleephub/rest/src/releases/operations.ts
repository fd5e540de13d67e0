import { Readable } from "node:stream"
import {
  addAsset,
  atLeast,
  createRelease,
  deleteRelease,
  findAsset,
  findRelease,
  findRepository,
  fullName,
  latestRelease,
  notFound,
  readContent,
  type Release,
  releasesOf,
  type Repository,
  requireWriter,
  roleOf,
  updateRelease,
  writeContent
} from "@sockerless/bleephub-core"
import { commitsBetween, log, resolve } from "@sockerless/bleephub-git"
import { pathOf } from "../git-data/render.ts"
import { type Call, operation, Reply } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { assetJson, releaseJson } from "./render.ts"

const mayWrite = (call: Call<OperationId>, repository: Repository): boolean =>
  atLeast(roleOf(call.hub, call.viewer, repository), "write")

const releaseOf = (
  call: Call<OperationId>,
  path: { readonly owner: string; readonly repo: string; readonly release_id: number }
): { readonly repository: Repository; readonly release: Release } => {
  const repository = findRepository(call.hub, call.viewer, path)
  return { repository, release: findRelease(call.hub, repository, path.release_id, mayWrite(call, repository)) }
}

const notesOf = async (call: Call<"repos/generate-release-notes">, repository: Repository): Promise<string> => {
  const path = pathOf(call, repository)
  const { tag_name: tag, previous_tag_name: previous, target_commitish: target } = call.body
  const head =
    (await resolve(path, `${tag}^{commit}`)) ?? (await resolve(path, `${target ?? repository.defaultBranch}^{commit}`))
  if (head === undefined) throw notFound()
  const base = previous === undefined ? undefined : await resolve(path, `${previous}^{commit}`)
  const commits = new Set(
    (base === undefined ? await log(path, { from: [head], limit: 1000 }) : await commitsBetween(path, base, head)).map(
      (commit) => commit.sha
    )
  )
  const html = `${call.urls.html}/${fullName(call.hub, repository)}`
  const lines = call.hub.tables.pulls
    .where("repository", repository.id)
    .filter((pull) => pull.mergeSha !== null && commits.has(pull.mergeSha))
    .map((pull) => {
      const issue = call.hub.tables.issues.need(pull.issueId)
      const author = call.hub.tables.accounts.need(issue.authorId)
      return `* ${issue.title} by @${author.login} in ${html}/pull/${pull.number}`
    })
  const changes = lines.length === 0 ? "" : `## What's Changed\n${lines.join("\n")}\n\n`
  const range = previous === undefined ? `commits/${tag}` : `compare/${previous}...${tag}`
  return `${changes}**Full Changelog**: ${html}/${range}`
}

const upload = async (call: Call<"repos/upload-release-asset">) => {
  const { repository, release } = releaseOf(call, call.path)
  const actor = requireWriter(call.hub, call.viewer, repository)
  const { body } = call.request
  const { name, label } = call.query
  // A body of no bytes is a file of no bytes.
  const content = body === null ? Readable.from([]) : Readable.from(body)
  const kept = await writeContent(call.hub, content)
  const contentType = call.request.headers.get("content-type") ?? "application/octet-stream"
  const input = { name, label: label ?? null, contentType, ...kept }
  return assetJson(call, await call.hub.change(() => addAsset(call.hub, actor, release, input)))
}

const readOperations = [
  operation("repos/list-releases", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const releases = releasesOf(call.hub, repository, mayWrite(call, repository))
    return call.page(releases, (release) => releaseJson(call, release))
  }),
  operation("repos/get-release", (call) => releaseJson(call, releaseOf(call, call.path).release)),
  operation("repos/get-latest-release", (call) => {
    const release = latestRelease(call.hub, findRepository(call.hub, call.viewer, call.path))
    if (release === undefined) throw notFound()
    return releaseJson(call, release)
  }),
  operation("repos/get-release-by-tag", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const release = releasesOf(call.hub, repository, false).find((one) => one.tag === call.path.tag)
    if (release === undefined) throw notFound()
    return releaseJson(call, release)
  }),
  operation("repos/generate-release-notes", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    return { name: call.body.tag_name, body: await notesOf(call, repository) }
  })
]

const writeOperations = [
  operation("repos/create-release", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const { tag_name: tag, target_commitish: target, name, body, draft, prerelease } = call.body
    const input = { tag, target, name, body, draft, prerelease }
    const json = releaseJson(call, await createRelease(call.hub, actor, repository, input))
    call.answerHeaders["location"] = json.url
    return json
  }),
  operation("repos/update-release", async (call) => {
    const { repository, release } = releaseOf(call, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const { tag_name: tag, target_commitish: target, name, body, draft, prerelease } = call.body ?? {}
    const change = { ...(tag !== undefined && { tag }), target, name, body, draft, prerelease }
    return releaseJson(call, await updateRelease(call.hub, actor, repository, release, change))
  }),
  operation("repos/delete-release", async (call) => {
    const { repository, release } = releaseOf(call, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    await call.hub.change(() => deleteRelease(call.hub, actor, repository, release))
  })
]

const assetOperations = [
  operation("repos/list-release-assets", (call) => {
    const { release } = releaseOf(call, call.path)
    return call.page(call.hub.tables.assets.where("release", release.id), (asset) => assetJson(call, asset))
  }),
  operation("repos/upload-release-asset", async (call) => new Reply(201, await upload(call))),
  operation("repos/get-release-asset", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const asset = findAsset(call.hub, repository, call.path.asset_id)
    if (call.request.headers.get("accept")?.includes("application/octet-stream") !== true) return assetJson(call, asset)
    await call.hub.change(() => call.hub.tables.assets.update(asset.id, { downloads: asset.downloads + 1 }))
    return new Response(Readable.toWeb(readContent(call.hub, asset.digest)), {
      headers: { "content-type": asset.contentType, "content-length": String(asset.size) }
    })
  }),
  operation("repos/update-release-asset", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const asset = findAsset(call.hub, repository, call.path.asset_id)
    const { name = asset.name, label = asset.label } = call.body ?? {}
    const after = await call.hub.change(() =>
      call.hub.tables.assets.update(asset.id, { name, label, updatedAt: call.hub.now() })
    )
    return assetJson(call, after)
  }),
  operation("repos/delete-release-asset", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const asset = findAsset(call.hub, repository, call.path.asset_id)
    await call.hub.change(() => call.hub.tables.assets.remove(asset.id))
  })
]

/** Releases and their files. */
export const releaseOperations = [...readOperations, ...writeOperations, ...assetOperations]

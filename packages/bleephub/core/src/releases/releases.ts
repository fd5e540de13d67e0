import { isRefName, readRef, repositoryPath, resolve, ZERO } from "@sockerless/bleephub-git"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { invalid, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { moveRefs } from "../repositories/move-refs.ts"
import type { Repository } from "../repositories/rows.ts"
import type { Asset, Release } from "./rows.ts"

export interface NewRelease {
  readonly tag: string
  readonly target?: string | undefined
  readonly name?: string | null | undefined
  readonly body?: string | null | undefined
  readonly draft?: boolean | undefined
  readonly prerelease?: boolean | undefined
}

/** The release of an id in this repository, or 404; drafts are for writers. */
export const findRelease = (hub: Hub, repository: Repository, id: number, mayWrite: boolean): Release => {
  const release = hub.tables.releases.get(id)
  if (release === undefined || release.repositoryId !== repository.id || (release.draft && !mayWrite)) throw notFound()
  return release
}

/** Every release that may be seen, the newest first. */
export const releasesOf = (hub: Hub, repository: Repository, mayWrite: boolean): ReadonlyArray<Release> =>
  hub.tables.releases
    .where("repository", repository.id)
    .filter((one) => mayWrite || !one.draft)
    .toReversed()

/** The newest release that is neither a draft nor a prerelease. */
export const latestRelease = (hub: Hub, repository: Repository): Release | undefined =>
  releasesOf(hub, repository, false).find((one) => !one.prerelease)

/** Makes the tag of a release that is being published, when it is not there. */
const ensureTag = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  tag: string,
  target: string
): Promise<void> => {
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  const ref = `refs/tags/${tag}`
  if (!(await isRefName(path, ref))) throw invalid({ resource: "Release", field: "tag_name", code: "invalid" })
  if ((await readRef(path, ref)) !== undefined) return
  const sha = await resolve(path, `${target}^{commit}`)
  if (sha === undefined) throw invalid({ resource: "Release", field: "target_commitish", code: "invalid" })
  await hub.exclusive(repository.id, () => moveRefs(hub, actor, repository, [{ ref, old: ZERO, new: sha }]))
}

const checkTag = (hub: Hub, repository: Repository, tag: string, self?: Release): void => {
  const taken = hub.tables.releases.where("tag", `${repository.id} ${tag}`).find((one) => !one.draft)
  if (taken !== undefined && taken.id !== self?.id) {
    throw invalid({ resource: "Release", field: "tag_name", code: "already_exists" })
  }
}

/** Makes a release, and its tag unless it is a draft. */
export const createRelease = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  input: NewRelease
): Promise<Release> => {
  const draft = input.draft ?? false
  const target = input.target === undefined || input.target === "" ? repository.defaultBranch : input.target
  if (input.tag.trim() === "") throw invalid({ resource: "Release", field: "tag_name", code: "missing_field" })
  if (!draft) {
    checkTag(hub, repository, input.tag)
    await ensureTag(hub, actor, repository, input.tag, target)
  }
  return hub.change(() => {
    if (!draft) checkTag(hub, repository, input.tag)
    const release = hub.tables.releases.insert({
      repositoryId: repository.id,
      tag: input.tag,
      target,
      name: input.name ?? null,
      body: input.body ?? null,
      draft,
      prerelease: input.prerelease ?? false,
      authorId: actor.id,
      createdAt: hub.now(),
      publishedAt: draft ? null : hub.now()
    })
    if (!draft)
      emit(hub, { event: "release", action: "published", actor, repository, detail: { releaseId: release.id } })
    return release
  })
}

/** Changes a release; one that stops being a draft is published with its tag. */
export const updateRelease = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  release: Release,
  change: Partial<NewRelease>
): Promise<Release> => {
  const tag = change.tag ?? release.tag
  const target = change.target ?? release.target
  const draft = change.draft ?? release.draft
  if (!draft) {
    checkTag(hub, repository, tag, release)
    await ensureTag(hub, actor, repository, tag, target)
  }
  return hub.change(() => {
    const published = release.draft && !draft
    emit(hub, {
      event: "release",
      action: published ? "published" : "edited",
      actor,
      repository,
      detail: { releaseId: release.id }
    })
    return hub.tables.releases.update(release.id, {
      tag,
      target,
      draft,
      name: change.name === undefined ? release.name : change.name,
      body: change.body === undefined ? release.body : change.body,
      prerelease: change.prerelease ?? release.prerelease,
      publishedAt: draft ? null : (release.publishedAt ?? hub.now())
    })
  })
}

/** Removes a release with its files; the tag stays. Part of a change. */
export const deleteRelease = (hub: Hub, actor: Account, repository: Repository, release: Release): void => {
  for (const asset of hub.tables.assets.where("release", release.id)) hub.tables.assets.remove(asset.id)
  emit(hub, { event: "release", action: "deleted", actor, repository, detail: { releaseId: release.id } })
  hub.tables.releases.remove(release.id)
}

export type NewAsset = Pick<Asset, "name" | "label" | "contentType" | "size" | "digest">

/** Adds a file, whose bytes are kept already, to a release. Part of a change. */
export const addAsset = (hub: Hub, actor: Account, release: Release, input: NewAsset): Asset => {
  if (hub.tables.assets.by("name", `${release.id} ${input.name}`) !== undefined) {
    throw invalid({ resource: "ReleaseAsset", field: "name", code: "already_exists" })
  }
  const now = hub.now()
  return hub.tables.assets.insert({
    ...input,
    releaseId: release.id,
    repositoryId: release.repositoryId,
    downloads: 0,
    uploaderId: actor.id,
    createdAt: now,
    updatedAt: now
  })
}

/** The file of an id in this repository, or 404. */
export const findAsset = (hub: Hub, repository: Repository, id: number): Asset => {
  const asset = hub.tables.assets.get(id)
  if (asset === undefined || asset.repositoryId !== repository.id) throw notFound()
  return asset
}

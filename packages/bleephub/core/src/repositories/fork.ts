import { copyStorage, setHead, repositoryPath } from "@sockerless/bleephub-git"
import type { Viewer } from "../access/viewer.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { Forbidden } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { insertRepository, requireCreator } from "./create.ts"
import type { Repository } from "./rows.ts"

/** Copies a repository to an owner; the one who has a fork already gets that. */
export const forkRepository = async (
  hub: Hub,
  viewer: Viewer,
  source: Repository,
  owner: Account,
  name: string | undefined
): Promise<Repository> => {
  const actor = requireCreator(hub, viewer, owner, source.visibility)
  if (source.ownerId === owner.id) throw new Forbidden({ reason: "You cannot fork your own repository." })
  const known = hub.tables.repositories.where("parent", source.id).find((one) => one.ownerId === owner.id)
  if (known !== undefined) return known
  const fork = await hub.change(() => {
    const made = insertRepository(hub, actor, owner, {
      name: name ?? source.name,
      description: source.description,
      homepage: source.homepage,
      visibility: source.visibility,
      parentId: source.id,
      settings: { defaultBranch: source.defaultBranch, hasIssues: false }
    })
    emit(hub, { event: "fork", actor, repository: source, detail: { forkId: made.id } })
    return made
  })
  await copyStorage(hub.repositoriesFolder, source.id, fork.id)
  await setHead(repositoryPath(hub.repositoriesFolder, fork.id), fork.defaultBranch)
  return fork
}

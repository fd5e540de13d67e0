import { borrow, createStorage, readRef, repositoryPath, resolve, writeCommit, ZERO } from "@sockerless/bleephub-git"
import type { Viewer } from "../access/viewer.ts"
import { personOf } from "../accounts/person.ts"
import type { Account } from "../accounts/rows.ts"
import { notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { insertRepository, type NewRepository, requireCreator } from "./create.ts"
import { moveRefs } from "./move-refs.ts"
import type { Repository } from "./rows.ts"

/** Makes a repository whose only commit has the files of a template. */
export const createFromTemplate = async (
  hub: Hub,
  viewer: Viewer,
  template: Repository,
  owner: Account,
  input: NewRepository
): Promise<Repository> => {
  const actor = requireCreator(hub, viewer, owner, input.visibility ?? "public")
  if (!template.isTemplate) throw notFound("The repository is not a template.")
  const repository = await hub.change(() =>
    insertRepository(hub, actor, owner, {
      ...input,
      templateId: template.id,
      settings: { defaultBranch: template.defaultBranch }
    })
  )
  await createStorage(hub.repositoriesFolder, repository.id, repository.defaultBranch)
  const from = repositoryPath(hub.repositoriesFolder, template.id)
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  const ref = `refs/heads/${template.defaultBranch}`
  const head = await readRef(from, ref)
  if (head === undefined) return repository
  await borrow(path, from, head.sha)
  const tree = await resolve(path, `${head.sha}^{tree}`)
  if (tree === undefined) throw new Error(`${head.sha} has no tree in ${path}`)
  const author = personOf(hub, actor)
  const commit = await writeCommit(path, { tree, parents: [], message: "Initial commit", author })
  await moveRefs(hub, actor, repository, [{ ref, old: ZERO, new: commit }])
  return hub.tables.repositories.need(repository.id)
}

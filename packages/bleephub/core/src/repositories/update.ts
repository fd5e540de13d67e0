import { listRefs, removeStorage, repositoryPath, setHead } from "@sockerless/bleephub-git"
import { killpoint } from "@sockerless/killpoints"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { invalid, unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { deleteHook } from "../hooks/hooks.ts"
import { checkRepositoryName } from "./create.ts"
import { addRedirect, dropRedirect } from "./find.ts"
import type { Repository } from "./rows.ts"

/** What may be changed of a repository; a new name leaves the old one leading to it. */
export type RepositoryChange = Partial<
  Pick<
    Repository,
    | "name"
    | "description"
    | "homepage"
    | "visibility"
    | "defaultBranch"
    | "archived"
    | "isTemplate"
    | "hasIssues"
    | "hasProjects"
    | "hasWiki"
    | "hasDiscussions"
    | "allowSquash"
    | "allowMerge"
    | "allowRebase"
    | "allowAutoMerge"
    | "allowUpdateBranch"
    | "deleteBranchOnMerge"
    | "signoff"
  >
>

const checkDefaultBranch = async (hub: Hub, repository: Repository, branch: string): Promise<void> => {
  const refs = await listRefs(repositoryPath(hub.repositoriesFolder, repository.id), "refs/heads")
  if (refs.length > 0 && !refs.some((ref) => ref.name === `refs/heads/${branch}`)) {
    throw invalid({
      resource: "Repository",
      field: "default_branch",
      code: "custom",
      message: `The branch ${branch} was not found. Please push that ref first or create it via the Git Data API.`
    })
  }
}

/** Changes a repository's settings, name or default branch. */
export const updateRepository = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  change: RepositoryChange
): Promise<Repository> => {
  const { defaultBranch } = change
  if (defaultBranch !== undefined && defaultBranch !== repository.defaultBranch) {
    await checkDefaultBranch(hub, repository, defaultBranch)
  }
  const after = await hub.change(() => {
    const owner = hub.tables.accounts.need(repository.ownerId)
    const merged = { ...repository, ...change }
    if (!merged.allowMerge && !merged.allowRebase && !merged.allowSquash) {
      throw unprocessable("Sorry, you need to allow at least one merge strategy.")
    }
    if (change.name !== undefined && change.name !== repository.name) {
      checkRepositoryName(hub, owner, change.name, repository)
      dropRedirect(hub, owner, change.name)
      addRedirect(hub, owner, repository.name, repository)
      emit(hub, {
        event: "repository",
        action: "renamed",
        actor,
        repository,
        detail: { from: repository.name }
      })
    }
    if (change.archived !== undefined && change.archived !== repository.archived) {
      emit(hub, { event: "repository", action: change.archived ? "archived" : "unarchived", actor, repository })
    }
    return hub.tables.repositories.update(repository.id, { ...change, updatedAt: hub.now() })
  })
  if (defaultBranch !== undefined) {
    await setHead(repositoryPath(hub.repositoriesFolder, repository.id), defaultBranch)
  }
  return after
}

/** Gives a repository its topics. Part of a change. */
export const setTopics = (hub: Hub, repository: Repository, names: ReadonlyArray<string>): Repository => {
  const bad = names.find((name) => !/^[a-z\d][a-z\d-]{0,49}$/.test(name))
  if (bad !== undefined) {
    throw unprocessable(
      "Validation Failed",
      "Topics must start with a lowercase letter or number, consist of 50 characters or less, and can include hyphens."
    )
  }
  return hub.tables.repositories.update(repository.id, { topics: [...new Set(names)], updatedAt: hub.now() })
}

/** Removes everything that belongs to a repository, rows in one commit and the folder after it. */
export const deleteRepository = async (hub: Hub, actor: Account, repository: Repository): Promise<void> => {
  await hub.change(() => {
    emit(hub, { event: "repository", action: "deleted", actor, repository, detail: { name: repository.name } })
    removeRows(hub, repository)
  })
  killpoint("bleephub.delete-repository.before-folder")
  await removeStorage(hub.repositoriesFolder, repository.id)
}

const removeRows = (hub: Hub, repository: Repository): void => {
  const { tables } = hub
  const owned = [
    tables.redirects,
    tables.collaborators,
    tables.invitations,
    tables.labels,
    tables.milestones,
    tables.comments,
    tables.issueEvents,
    tables.reviewComments,
    tables.reviews,
    tables.pulls,
    tables.protections,
    tables.assets,
    tables.releases,
    tables.statuses,
    tables.checkRuns,
    tables.checkSuites,
    tables.issues,
    tables.refIntents,
    tables.stars,
    tables.teamRepositories
  ]
  for (const issue of tables.issues.where("repository", repository.id)) {
    for (const reaction of tables.reactions.where("subject", `issue ${issue.id}`)) tables.reactions.remove(reaction.id)
  }
  for (const table of owned) for (const row of table.where("repository", repository.id)) table.remove(row.id)
  for (const kind of ["deploy-read", "deploy-write"]) {
    for (const key of tables.keys.where("account", `${kind} ${repository.id}`)) tables.keys.remove(key.id)
  }
  for (const hook of tables.hooks.where("repository", repository.id)) deleteHook(hub, hook)
  for (const app of ["actions", "dependabot", "codespaces"]) {
    for (const one of tables.secrets.where("scope", `${app} repository ${repository.id}`)) tables.secrets.remove(one.id)
  }
  for (const one of tables.variables.where("scope", `repository ${repository.id}`)) tables.variables.remove(one.id)
  for (const fork of tables.repositories.where("parent", repository.id)) {
    tables.repositories.update(fork.id, { parentId: null })
  }
  tables.repositories.remove(repository.id)
}

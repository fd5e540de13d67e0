import { createStorage, repositoryPath, writeBlob, writeCommit, writeTree, ZERO } from "@sockerless/bleephub-git"
import { killpoint } from "@sockerless/killpoints"
import { membershipOf } from "../access/organization.ts"
import { hasScope, requireAccount, type Viewer } from "../access/viewer.ts"
import { personOf } from "../accounts/person.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { Forbidden, invalid, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { defaultLabels } from "./default-labels.ts"
import { dropRedirect } from "./find.ts"
import { moveRefs } from "./move-refs.ts"
import type { Repository } from "./rows.ts"

const NAME = /^[\w.-]{1,100}$/
const RESERVED = /^(\.|\.\.|.*\.git|.*\.wiki)$/i

/** Throws GitHub's 422 for a name that no repository may have or that this owner has given away already. */
export const checkRepositoryName = (hub: Hub, owner: Account, name: string, self?: Repository): void => {
  if (!NAME.test(name) || RESERVED.test(name)) {
    throw invalid({ resource: "Repository", field: "name", code: "custom", message: "name is invalid" })
  }
  const taken = hub.tables.repositories.by("name", `${owner.id}/${name.toLowerCase()}`)
  if (taken !== undefined && taken.id !== self?.id) {
    throw invalid({
      resource: "Repository",
      field: "name",
      code: "custom",
      message: "name already exists on this account"
    })
  }
}

export interface NewRepository {
  readonly name: string
  readonly description?: string | null
  readonly homepage?: string | null
  readonly visibility?: Repository["visibility"]
  readonly settings?: Partial<Repository>
  readonly parentId?: number | null
  readonly templateId?: number | null
  /** Whether the repository begins with a README. */
  readonly autoInit?: boolean
}

/** Throws unless the viewer may make repositories for this owner. */
export const requireCreator = (
  hub: Hub,
  viewer: Viewer,
  owner: Account,
  visibility: Repository["visibility"]
): Account => {
  const actor = requireAccount(viewer)
  if (!hasScope(viewer, visibility === "public" ? "public_repo" : "repo")) {
    throw new Forbidden({ reason: "Resource not accessible by personal access token" })
  }
  if (owner.id === actor.id) return actor
  const role = membershipOf(hub, actor, owner)
  if (role === "none") throw notFound()
  if (role === "member" && !owner.membersCreateRepositories) {
    throw new Forbidden({ reason: "You need admin access to the organization before adding a repository to it." })
  }
  return actor
}

/** Writes the row of a new repository with GitHub's default labels. Part of a change. */
export const insertRepository = (hub: Hub, actor: Account, owner: Account, input: NewRepository): Repository => {
  checkRepositoryName(hub, owner, input.name)
  dropRedirect(hub, owner, input.name)
  const now = hub.now()
  const repository = hub.tables.repositories.insert({
    ownerId: owner.id,
    name: input.name,
    description: input.description ?? null,
    homepage: input.homepage ?? null,
    visibility: input.visibility ?? "public",
    defaultBranch: "main",
    topics: [],
    parentId: input.parentId ?? null,
    templateId: input.templateId ?? null,
    archived: false,
    isTemplate: false,
    hasIssues: true,
    hasProjects: true,
    hasWiki: true,
    hasDiscussions: false,
    allowSquash: true,
    allowMerge: true,
    allowRebase: true,
    allowAutoMerge: false,
    allowUpdateBranch: false,
    deleteBranchOnMerge: false,
    signoff: false,
    lastNumber: 0,
    lastMilestone: 0,
    createdAt: now,
    updatedAt: now,
    pushedAt: now,
    size: 0,
    ...input.settings
  })
  for (const [name, color, description] of defaultLabels) {
    hub.tables.labels.insert({
      repositoryId: repository.id,
      name,
      color,
      description,
      isDefault: true,
      createdAt: now,
      updatedAt: now
    })
  }
  emit(hub, { event: "repository", action: "created", actor, repository })
  return repository
}

const writeReadme = async (hub: Hub, actor: Account, repository: Repository): Promise<void> => {
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  const text = `# ${repository.name}\n${repository.description === null ? "" : `${repository.description}\n`}`
  const sha = await writeBlob(path, Buffer.from(text))
  const tree = await writeTree(path, undefined, [{ path: "README.md", mode: "100644", sha }])
  const author = personOf(hub, actor)
  const commit = await writeCommit(path, { tree, parents: [], message: "Initial commit", author })
  await moveRefs(hub, actor, repository, [{ ref: `refs/heads/${repository.defaultBranch}`, old: ZERO, new: commit }])
}

/**
 * Makes a repository for an owner. The row is durable before the folder exists; a start finds rows without a folder
 * and makes it.
 */
export const createRepository = async (
  hub: Hub,
  viewer: Viewer,
  owner: Account,
  input: NewRepository
): Promise<Repository> => {
  const actor = requireCreator(hub, viewer, owner, input.visibility ?? "public")
  const repository = await hub.change(() => insertRepository(hub, actor, owner, input))
  killpoint("bleephub.create-repository.before-folder")
  await createStorage(hub.repositoriesFolder, repository.id, repository.defaultBranch)
  killpoint("bleephub.create-repository.after-folder")
  if (input.autoInit === true) await writeReadme(hub, actor, repository)
  return hub.tables.repositories.need(repository.id)
}

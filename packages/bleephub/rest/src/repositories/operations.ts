import {
  type Account,
  createRepository,
  deleteRepository,
  findAccount,
  findOrganization,
  findRepository,
  Forbidden,
  grantedRole,
  hasScope,
  type NewRepository,
  repositoriesOf,
  type Repository,
  type RepositoryChange,
  requireAccount,
  requireAdmin,
  requireRole,
  roleOf,
  setTopics,
  unprocessable,
  createFromTemplate,
  updateRepository
} from "@sockerless/bleephub-core"
import { operation } from "../wire/call.ts"
import { fullRepository, minimalRepository, repositoryJson } from "./render.ts"

interface Settings {
  readonly has_issues?: boolean | undefined
  readonly has_projects?: boolean | undefined
  readonly has_wiki?: boolean | undefined
  readonly has_discussions?: boolean | undefined
  readonly is_template?: boolean | undefined
  readonly allow_squash_merge?: boolean | undefined
  readonly allow_merge_commit?: boolean | undefined
  readonly allow_rebase_merge?: boolean | undefined
  readonly allow_auto_merge?: boolean | undefined
  readonly allow_update_branch?: boolean | undefined
  readonly delete_branch_on_merge?: boolean | undefined
  readonly web_commit_signoff_required?: boolean | undefined
}

const settingsOf = (body: Settings): RepositoryChange =>
  defined({
    hasIssues: body.has_issues,
    hasProjects: body.has_projects,
    hasWiki: body.has_wiki,
    hasDiscussions: body.has_discussions,
    isTemplate: body.is_template,
    allowSquash: body.allow_squash_merge,
    allowMerge: body.allow_merge_commit,
    allowRebase: body.allow_rebase_merge,
    allowAutoMerge: body.allow_auto_merge,
    allowUpdateBranch: body.allow_update_branch,
    deleteBranchOnMerge: body.delete_branch_on_merge,
    signoff: body.web_commit_signoff_required
  })

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The fields that are there; an absent one must not overwrite what is known. */
const defined = <T extends object>(fields: T): Defined<T> => {
  const kept: Defined<T> = {}
  for (const key in fields) {
    const value = fields[key]
    if (value !== undefined) kept[key] = value as Exclude<T[typeof key], undefined>
  }
  return kept
}

interface CreationBody extends Settings {
  readonly name: string
  readonly description?: string
  readonly homepage?: string
  readonly private?: boolean
  readonly visibility?: Repository["visibility"]
  readonly auto_init?: boolean
  readonly license_template?: string
  readonly gitignore_template?: string
}

const creationOf = (body: CreationBody): NewRepository => {
  // Nothing is taken that would not be done.
  for (const field of ["license_template", "gitignore_template"] as const) {
    if (body[field] !== undefined && body[field] !== "") {
      throw unprocessable("Validation Failed", `bleephub has no ${field.replace("_", " ")}s`)
    }
  }
  return settledCreation(body)
}

const settledCreation = (body: CreationBody): NewRepository => ({
  name: body.name,
  description: body.description ?? null,
  homepage: body.homepage ?? null,
  visibility: body.visibility ?? (body.private === true ? "private" : "public"),
  settings: settingsOf(body),
  autoInit: body.auto_init ?? false
})

interface ListOrder {
  readonly sort?: "created" | "updated" | "pushed" | "full_name" | undefined
  readonly direction?: "asc" | "desc" | undefined
}

const sorted = (
  repositories: ReadonlyArray<Repository>,
  { sort = "full_name", direction = sort === "full_name" ? "asc" : "desc" }: ListOrder
): ReadonlyArray<Repository> => {
  const sign = direction === "asc" ? 1 : -1
  const key = (one: Repository): number | string =>
    sort === "full_name"
      ? one.name.toLowerCase()
      : sort === "created"
        ? one.createdAt
        : sort === "pushed"
          ? one.pushedAt
          : one.updatedAt
  return repositories.toSorted((a, b) => {
    const left = key(a)
    const right = key(b)
    return sign * (left < right ? -1 : left > right ? 1 : a.id - b.id)
  })
}

const isOf = (type: string, repository: Repository): boolean => {
  if (type === "forks") return repository.parentId !== null
  if (type === "sources") return repository.parentId === null
  if (type === "public" || type === "private") return (repository.visibility === "public") === (type === "public")
  return true
}

/** Repositories: make, read, list, change, remove, topics. */
export const repositoryOperations = [
  operation("repos/get", (call) => fullRepository(call, findRepository(call.hub, call.viewer, call.path))),
  operation("repos/create-for-authenticated-user", async (call) => {
    const owner = requireAccount(call.viewer)
    const repository = await createRepository(call.hub, call.viewer, owner, creationOf(call.body))
    call.answerHeaders["location"] = minimalRepository(call, repository).url
    return fullRepository(call, repository)
  }),
  operation("repos/create-in-org", async (call) => {
    const owner = findOrganization(call.hub, call.path.org)
    const repository = await createRepository(call.hub, call.viewer, owner, creationOf(call.body))
    call.answerHeaders["location"] = minimalRepository(call, repository).url
    return fullRepository(call, repository)
  }),
  operation("repos/update", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireAdmin(call.hub, call.viewer, repository)
    const body = call.body ?? {}
    if (repository.archived && body.archived !== false) {
      requireRole(call.hub, call.viewer, repository, { role: "admin" })
    }
    const visibility = body.visibility ?? (body.private === undefined ? undefined : body.private ? "private" : "public")
    const change = defined({
      ...settingsOf(body),
      name: body.name,
      description: body.description,
      homepage: body.homepage,
      defaultBranch: body.default_branch,
      archived: body.archived,
      visibility
    })
    return fullRepository(call, await updateRepository(call.hub, actor, repository, change))
  }),
  operation("repos/delete", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireAdmin(call.hub, call.viewer, repository)
    call.answerHeaders["x-accepted-oauth-scopes"] = "delete_repo"
    if (!hasScope(call.viewer, "delete_repo")) throw new Forbidden({ reason: "Must have admin rights to Repository." })
    await deleteRepository(call.hub, actor, repository)
  }),
  operation("repos/list-for-authenticated-user", (call) => {
    const account = requireAccount(call.viewer)
    const { visibility = "all", affiliation = "owner,collaborator,organization_member", type = "all" } = call.query
    const affiliations = affiliation.split(",")
    const mine = call.hub.tables.repositories
      .all()
      .filter((one) => roleOf(call.hub, call.viewer, one) !== "none" && grantedRole(call.hub, account, one) !== "none")
      .filter((one) => affiliations.includes(affiliationOf(account, call.hub.tables.accounts.need(one.ownerId))))
      .filter((one) => visibility === "all" || isOf(visibility, one))
      .filter((one) => isOf(type, one) && (type !== "owner" || one.ownerId === account.id))
    return call.page(sorted(mine, call.query), (one) => repositoryJson(call, one))
  }),
  operation("repos/list-for-user", (call) => {
    const owner = findAccount(call.hub, call.path.username)
    return call.page(sorted(repositoriesOf(call.hub, call.viewer, owner), call.query), (one) =>
      minimalRepository(call, one)
    )
  }),
  operation("repos/list-for-org", (call) => {
    const owner = findOrganization(call.hub, call.path.org)
    const { sort = "created", direction, type = "all" } = call.query
    const all = repositoriesOf(call.hub, call.viewer, owner).filter((one) => isOf(type, one))
    return call.page(sorted(all, { sort, direction }), (one) => minimalRepository(call, one))
  }),
  operation("repos/create-using-template", async (call) => {
    const template = findRepository(call.hub, call.viewer, {
      owner: call.path.template_owner,
      repo: call.path.template_repo
    })
    const owner = call.body.owner === undefined ? requireAccount(call.viewer) : findAccount(call.hub, call.body.owner)
    const { name, description = null } = call.body
    const visibility = call.body.private === true ? "private" : "public"
    const input = { name, description, visibility } as const
    return fullRepository(call, await createFromTemplate(call.hub, call.viewer, template, owner, input))
  }),
  operation("repos/get-all-topics", (call) => ({
    names: [...findRepository(call.hub, call.viewer, call.path).topics]
  })),
  operation("repos/replace-all-topics", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireRole(call.hub, call.viewer, repository, { role: "admin" })
    const after = await call.hub.change(() => setTopics(call.hub, repository, call.body.names))
    return { names: [...after.topics] }
  })
]

const affiliationOf = (account: Account, owner: Account): string =>
  owner.id === account.id ? "owner" : owner.type === "Organization" ? "organization_member" : "collaborator"

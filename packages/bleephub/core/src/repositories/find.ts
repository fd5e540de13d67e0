import { canSee, type Need, requireRole } from "../access/repository.ts"
import type { Viewer } from "../access/viewer.ts"
import type { Account } from "../accounts/rows.ts"
import { notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "./rows.ts"

const redirectName = (owner: string, name: string): string => `${owner}/${name}`.toLowerCase()

/** A repository by its name of now, or undefined. */
export const repositoryNamed = (hub: Hub, owner: string, name: string): Repository | undefined => {
  const account = hub.tables.accounts.by("login", owner.toLowerCase())
  if (account === undefined) return undefined
  return hub.tables.repositories.by("name", `${account.id}/${name.toLowerCase()}`)
}

/** The repository that had this name and has another now. */
export const repositoryMoved = (hub: Hub, owner: string, name: string): Repository | undefined => {
  const redirect = hub.tables.redirects.by("name", redirectName(owner, name))
  return redirect === undefined ? undefined : hub.tables.repositories.get(redirect.repositoryId)
}

/** The repository that the viewer names and may do `need` with; old names lead to it too. */
export const findRepository = (
  hub: Hub,
  viewer: Viewer,
  name: { readonly owner: string; readonly repo: string },
  need: Need = { role: "read" }
): Repository => {
  const found = repositoryNamed(hub, name.owner, name.repo) ?? repositoryMoved(hub, name.owner, name.repo)
  if (found === undefined) throw notFound()
  requireRole(hub, viewer, found, need)
  return found
}

/** `owner/name`. */
export const fullName = (hub: Hub, repository: Repository): string =>
  `${hub.tables.accounts.need(repository.ownerId).login}/${repository.name}`

/** The repositories of an owner that the viewer may see. */
export const repositoriesOf = (hub: Hub, viewer: Viewer, owner: Account): ReadonlyArray<Repository> =>
  hub.tables.repositories.where("owner", owner.id).filter((repository) => canSee(hub, viewer, repository))

/** Forgets that a name led elsewhere, because something new has it. Part of a change. */
export const dropRedirect = (hub: Hub, owner: Account, name: string): void => {
  const redirect = hub.tables.redirects.by("name", redirectName(owner.login, name))
  if (redirect !== undefined) hub.tables.redirects.remove(redirect.id)
}

/** Makes an old name lead to a repository. Part of a change. */
export const addRedirect = (hub: Hub, owner: Account, name: string, repository: Repository): void => {
  dropRedirect(hub, owner, name)
  hub.tables.redirects.insert({ name: redirectName(owner.login, name), repositoryId: repository.id })
}

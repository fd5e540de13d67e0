import type { Account } from "../accounts/rows.ts"
import { Forbidden, notFound, Unauthenticated } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import { atLeast, type Role, stronger } from "./role.ts"
import { hasScope, requireAccount, type Viewer } from "./viewer.ts"

/** What a team gives on a repository, its parents' share included. */
const teamRole = (hub: Hub, teamId: number, repository: Repository): Role => {
  let role: Role = "none"
  for (let id: number | null = teamId; id !== null; id = hub.tables.teams.get(id)?.parentId ?? null) {
    role = stronger(role, hub.tables.teamRepositories.by("pair", `${id}/${repository.id}`)?.role ?? "none")
  }
  return role
}

/** The role an account has on a repository by owning, membership, teams and collaboration; visibility not counted. */
export const grantedRole = (hub: Hub, account: Account, repository: Repository): Role => {
  if (repository.ownerId === account.id) return "admin"
  let role: Role = hub.tables.collaborators.by("pair", `${repository.id}/${account.id}`)?.role ?? "none"
  const membership = hub.tables.memberships.by("pair", `${repository.ownerId}/${account.id}`)
  if (membership?.state !== "active") return role
  if (membership.role === "admin") return "admin"
  role = stronger(role, hub.tables.accounts.need(repository.ownerId).memberPermission)
  for (const member of hub.tables.teamMembers.where("account", account.id)) {
    role = stronger(role, teamRole(hub, member.teamId, repository))
  }
  return role
}

/**
 * What the viewer may do to the repository: the role of the account, cut down by the scopes of the token. This is
 * the only place that decides it, for REST, GraphQL and git alike.
 */
export const roleOf = (hub: Hub, viewer: Viewer, repository: Repository): Role => {
  const open: Role = repository.visibility === "public" ? "read" : "none"
  if (viewer.account === null) return open
  const granted = grantedRole(hub, viewer.account, repository)
  const seen = repository.visibility === "internal" ? stronger(granted, "read") : stronger(granted, open)
  if (hasScope(viewer, "repo")) return seen
  if (repository.visibility !== "public") return "none"
  return hasScope(viewer, "public_repo") ? seen : "read"
}

/** Whether the viewer may know that the repository exists. */
export const canSee = (hub: Hub, viewer: Viewer, repository: Repository): boolean =>
  roleOf(hub, viewer, repository) !== "none"

/** What is asked of a repository, and whether an archived one may still be asked it. */
export interface Need {
  readonly role: Role
  readonly archivedToo?: boolean
}

/** Lets the viewer through or throws: 404 when it must stay unknown, 401 for anonymous writes, 403 otherwise. */
export const requireRole = (hub: Hub, viewer: Viewer, repository: Repository, need: Need): void => {
  const role = roleOf(hub, viewer, repository)
  if (role === "none") throw notFound()
  if (!atLeast(role, need.role)) {
    if (viewer.account === null) throw new Unauthenticated({ reason: "Requires authentication" })
    throw new Forbidden({
      reason: need.role === "admin" ? "Must have admin rights to Repository." : "Must have push access to repository."
    })
  }
  if (need.role === "read" || need.archivedToo === true) return
  if (repository.archived) throw new Forbidden({ reason: "Repository was archived so is read-only." })
}

/** For what every reader may do but nobody anonymous, as opening an issue: 401 without an account. */
export const requireReader = (hub: Hub, viewer: Viewer, repository: Repository): Account => {
  if (!canSee(hub, viewer, repository)) throw notFound()
  if (viewer.account === null) throw new Unauthenticated({ reason: "Requires authentication" })
  if (repository.archived) throw new Forbidden({ reason: "Repository was archived so is read-only." })
  if (!hasScope(viewer, repository.visibility === "public" ? "public_repo" : "repo")) {
    throw new Forbidden({ reason: "Resource not accessible by personal access token" })
  }
  return viewer.account
}

/** The account of a viewer who may write, or the reason why not. */
export const requireWriter = (hub: Hub, viewer: Viewer, repository: Repository): Account => {
  requireRole(hub, viewer, repository, { role: "write" })
  return requireAccount(viewer)
}

/** The account of a viewer who may administer, or the reason why not. */
export const requireAdmin = (hub: Hub, viewer: Viewer, repository: Repository): Account => {
  requireRole(hub, viewer, repository, { role: "admin", archivedToo: true })
  return requireAccount(viewer)
}

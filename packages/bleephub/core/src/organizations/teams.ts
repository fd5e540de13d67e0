import type { Role } from "../access/role.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { invalid, notFound, unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import type { Team, TeamMember } from "./rows.ts"

/** What a team's address ends in, made of its name. */
export const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")

/** The team of a slug, or 404. */
export const findTeam = (hub: Hub, organization: Account, slug: string): Team => {
  const found = hub.tables.teams.by("slug", `${organization.id}/${slug.toLowerCase()}`)
  if (found === undefined) throw notFound()
  return found
}

export interface TeamFields {
  readonly name?: string | undefined
  readonly description?: string | null | undefined
  readonly privacy?: Team["privacy"] | undefined
  readonly notifications?: boolean | undefined
  readonly parentId?: number | null | undefined
}

const checkSlug = (hub: Hub, organizationId: number, slug: string, self?: Team): void => {
  if (slug === "") throw invalid({ resource: "Team", field: "name", code: "missing_field" })
  const taken = hub.tables.teams.by("slug", `${organizationId}/${slug}`)
  if (taken !== undefined && taken.id !== self?.id) {
    throw unprocessable("Validation Failed", "Name must be unique for this org")
  }
}

const checkParent = (hub: Hub, organizationId: number, parentId: number | null, self?: Team): void => {
  for (let id = parentId; id !== null; id = hub.tables.teams.need(id).parentId) {
    const parent = hub.tables.teams.get(id)
    if (parent?.organizationId !== organizationId || parent.id === self?.id) {
      throw unprocessable("Validation Failed", "Parent team must be another team of the organization")
    }
  }
}

/** Makes a team; whoever makes it maintains it. Part of a change. */
export const createTeam = (
  hub: Hub,
  actor: Account,
  organization: Account,
  input: TeamFields & { readonly name: string }
): Team => {
  const slug = slugOf(input.name)
  checkSlug(hub, organization.id, slug)
  checkParent(hub, organization.id, input.parentId ?? null)
  const now = hub.now()
  const team = hub.tables.teams.insert({
    organizationId: organization.id,
    parentId: input.parentId ?? null,
    name: input.name,
    slug,
    description: input.description ?? null,
    privacy: input.privacy ?? (input.parentId ? "closed" : "secret"),
    notifications: input.notifications ?? true,
    createdAt: now,
    updatedAt: now
  })
  emit(hub, { event: "team", action: "created", actor, organization, detail: { teamId: team.id } })
  return team
}

/** Changes a team. Part of a change. */
export const updateTeam = (hub: Hub, team: Team, change: TeamFields): Team => {
  const name = change.name ?? team.name
  const slug = slugOf(name)
  checkSlug(hub, team.organizationId, slug, team)
  const parentId = change.parentId === undefined ? team.parentId : change.parentId
  checkParent(hub, team.organizationId, parentId, team)
  return hub.tables.teams.update(team.id, {
    name,
    slug,
    parentId,
    description: change.description === undefined ? team.description : change.description,
    privacy: change.privacy ?? team.privacy,
    notifications: change.notifications ?? team.notifications,
    updatedAt: hub.now()
  })
}

/** Removes a team and those below it. Part of a change. */
export const deleteTeam = (hub: Hub, actor: Account, team: Team): void => {
  for (const child of hub.tables.teams.where("parent", team.id)) deleteTeam(hub, actor, child)
  for (const row of hub.tables.teamMembers.where("team", team.id)) hub.tables.teamMembers.remove(row.id)
  for (const row of hub.tables.teamRepositories.where("team", team.id)) hub.tables.teamRepositories.remove(row.id)
  const organization = hub.tables.accounts.need(team.organizationId)
  emit(hub, { event: "team", action: "deleted", actor, organization, detail: { teamId: team.id, name: team.name } })
  hub.tables.teams.remove(team.id)
}

/** Makes an account a member of a team, and of the organization when it is none yet. Part of a change. */
export const addTeamMember = (hub: Hub, team: Team, account: Account, role: TeamMember["role"]): TeamMember => {
  addMember(hub, hub.tables.accounts.need(team.organizationId), account, "member", true)
  const known = hub.tables.teamMembers.by("pair", `${team.id}/${account.id}`)
  if (known !== undefined) return hub.tables.teamMembers.update(known.id, { role })
  return hub.tables.teamMembers.insert({ teamId: team.id, accountId: account.id, role })
}

/** Gives a team a role on a repository of its organization. Part of a change. */
export const setTeamRole = (hub: Hub, team: Team, repository: Repository, role: Role): void => {
  const known = hub.tables.teamRepositories.by("pair", `${team.id}/${repository.id}`)
  if (known === undefined) hub.tables.teamRepositories.insert({ teamId: team.id, repositoryId: repository.id, role })
  else hub.tables.teamRepositories.update(known.id, { role })
}

/** Makes an account a member of an organization, pending unless told otherwise; an active one only changes its role. Part of a change. */
export const addMember = (
  hub: Hub,
  organization: Account,
  account: Account,
  role: "admin" | "member",
  keepRole = false
) => {
  const known = hub.tables.memberships.by("pair", `${organization.id}/${account.id}`)
  if (known !== undefined) return keepRole ? known : hub.tables.memberships.update(known.id, { role })
  return hub.tables.memberships.insert({
    organizationId: organization.id,
    accountId: account.id,
    role,
    state: "pending",
    public: false
  })
}

/** Takes an account out of an organization and its teams; the last owner stays. Part of a change. */
export const removeMember = (hub: Hub, organization: Account, account: Account): void => {
  const known = hub.tables.memberships.by("pair", `${organization.id}/${account.id}`)
  if (known === undefined) throw notFound()
  const owners = hub.tables.memberships
    .where("organization", organization.id)
    .filter((one) => one.role === "admin" && one.state === "active")
  if (owners.length === 1 && owners[0]?.id === known.id) {
    throw unprocessable("Validation Failed", "The last owner cannot leave the organization")
  }
  for (const row of hub.tables.teamMembers.where("account", account.id)) {
    if (hub.tables.teams.need(row.teamId).organizationId === organization.id) hub.tables.teamMembers.remove(row.id)
  }
  hub.tables.memberships.remove(known.id)
}

import {
  type Account,
  addTeamMember,
  createTeam,
  deleteTeam,
  findOrganization,
  findRepository,
  findTeam,
  findUser,
  Forbidden,
  membershipOf,
  notFound,
  requireAccount,
  requireAdmin,
  requireMember,
  requireOwner,
  roleNamed,
  setTeamRole,
  type Team,
  updateTeam
} from "@sockerless/bleephub-core"
import { simpleUser } from "../accounts/render.ts"
import { minimalRepository } from "../repositories/render.ts"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { fullTeam, roleFlags, teamJson } from "./render.ts"

interface TeamPath {
  readonly org: string
  readonly team_slug: string
}

const visible = (call: Call<OperationId>, organization: Account, team: Team): boolean =>
  team.privacy === "closed" ||
  membershipOf(call.hub, call.viewer.account, organization) === "admin" ||
  call.hub.tables.teamMembers.by("pair", `${team.id}/${call.viewer.account?.id}`) !== undefined

const teamOf = (call: Call<OperationId>, path: TeamPath): Team => {
  const organization = findOrganization(call.hub, path.org)
  requireMember(call.hub, call.viewer, organization)
  const team = findTeam(call.hub, organization, path.team_slug)
  if (!visible(call, organization, team)) throw notFound()
  return team
}

/** The team for owners of the organization and maintainers of the team. */
const ownTeam = (call: Call<OperationId>, path: TeamPath): { readonly team: Team; readonly actor: Account } => {
  const team = teamOf(call, path)
  const actor = requireAccount(call.viewer)
  const organization = call.hub.tables.accounts.need(team.organizationId)
  const maintains = call.hub.tables.teamMembers.by("pair", `${team.id}/${actor.id}`)?.role === "maintainer"
  if (!maintains && membershipOf(call.hub, actor, organization) !== "admin") {
    throw new Forbidden({ reason: "Must have admin rights to Team." })
  }
  return { team, actor }
}

const membership = (call: Call<OperationId>, team: Team, account: Account) => {
  const row = call.hub.tables.teamMembers.by("pair", `${team.id}/${account.id}`)
  if (row === undefined) throw notFound()
  const state = call.hub.tables.memberships.by("pair", `${team.organizationId}/${account.id}`)?.state ?? "pending"
  const { url } = teamJson(call, team)
  return { url: `${url}/memberships/${account.login}`, role: row.role, state }
}

const nounOperations = [
  operation("teams/list", (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    requireMember(call.hub, call.viewer, organization)
    const teams = call.hub.tables.teams
      .where("organization", organization.id)
      .filter((one) => visible(call, organization, one))
    return call.page(teams, (team) => teamJson(call, team))
  }),
  operation("teams/get-by-name", (call) => fullTeam(call, teamOf(call, call.path))),
  operation("teams/create", async (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    const actor = requireMember(call.hub, call.viewer, organization)
    const { name, description, privacy, notification_setting: notify, parent_team_id: parentId } = call.body
    const team = await call.hub.change(() => {
      const notifications = notify !== "notifications_disabled"
      const made = createTeam(call.hub, actor, organization, { name, description, privacy, notifications, parentId })
      for (const login of call.body.maintainers ?? [actor.login]) {
        addTeamMember(call.hub, made, findUser(call.hub, login), "maintainer")
      }
      for (const full of call.body.repo_names ?? []) {
        const [owner = "", repo = ""] = full.split("/")
        setTeamRole(call.hub, made, findRepository(call.hub, call.viewer, { owner, repo }, { role: "admin" }), "read")
      }
      return made
    })
    return fullTeam(call, team)
  }),
  operation("teams/update-in-org", async (call) => {
    const { team } = ownTeam(call, call.path)
    const { name, description, privacy, notification_setting: notify, parent_team_id: parentId } = call.body ?? {}
    const notifications = notify === undefined ? undefined : notify === "notifications_enabled"
    const change = { name, description, privacy, notifications, parentId }
    return fullTeam(call, await call.hub.change(() => updateTeam(call.hub, team, change)))
  }),
  operation("teams/delete-in-org", async (call) => {
    const { team, actor } = ownTeam(call, call.path)
    await call.hub.change(() => deleteTeam(call.hub, actor, team))
  }),
  operation("teams/list-child-in-org", (call) => {
    const team = teamOf(call, call.path)
    return call.page(call.hub.tables.teams.where("parent", team.id), (one) => teamJson(call, one))
  }),
  operation("teams/list-for-authenticated-user", (call) => {
    const account = requireAccount(call.viewer)
    const mine = call.hub.tables.teamMembers.where("account", account.id)
    return call.page(mine, (one) => fullTeam(call, call.hub.tables.teams.need(one.teamId)))
  })
]

const memberOperations = [
  operation("teams/list-members-in-org", (call) => {
    const team = teamOf(call, call.path)
    const { role = "all" } = call.query
    const members = call.hub.tables.teamMembers
      .where("team", team.id)
      .filter((one) => role === "all" || one.role === role)
    return call.page(members, (one) => simpleUser(call.urls, call.hub.tables.accounts.need(one.accountId)))
  }),
  operation("teams/get-membership-for-user-in-org", (call) =>
    membership(call, teamOf(call, call.path), findUser(call.hub, call.path.username))
  ),
  operation("teams/add-or-update-membership-for-user-in-org", async (call) => {
    const { team } = ownTeam(call, call.path)
    const account = findUser(call.hub, call.path.username)
    await call.hub.change(() => addTeamMember(call.hub, team, account, call.body?.role ?? "member"))
    return membership(call, team, account)
  }),
  operation("teams/remove-membership-for-user-in-org", async (call) => {
    const { team } = ownTeam(call, call.path)
    const account = findUser(call.hub, call.path.username)
    const row = call.hub.tables.teamMembers.by("pair", `${team.id}/${account.id}`)
    if (row === undefined) throw notFound()
    await call.hub.change(() => call.hub.tables.teamMembers.remove(row.id))
  })
]

const repositoryOperations = [
  operation("teams/list-repos-in-org", (call) => {
    const team = teamOf(call, call.path)
    return call.page(call.hub.tables.teamRepositories.where("team", team.id), (one) => ({
      ...minimalRepository(call, call.hub.tables.repositories.need(one.repositoryId)),
      permissions: roleFlags(one.role),
      role_name: one.role
    }))
  }),
  operation("teams/check-permissions-for-repo-in-org", (call) => {
    const team = teamOf(call, call.path)
    const repository = findRepository(call.hub, call.viewer, call.path)
    if (call.hub.tables.teamRepositories.by("pair", `${team.id}/${repository.id}`) === undefined) throw notFound()
  }),
  operation("teams/add-or-update-repo-permissions-in-org", async (call) => {
    const team = teamOf(call, call.path)
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireAdmin(call.hub, call.viewer, repository)
    await call.hub.change(() => setTeamRole(call.hub, team, repository, roleNamed(call.body?.permission)))
  }),
  operation("teams/remove-repo-in-org", async (call) => {
    const team = teamOf(call, call.path)
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireAdmin(call.hub, call.viewer, repository)
    const row = call.hub.tables.teamRepositories.by("pair", `${team.id}/${repository.id}`)
    if (row !== undefined) await call.hub.change(() => call.hub.tables.teamRepositories.remove(row.id))
  }),
  operation("repos/list-teams", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireOwner(call.hub, call.viewer, call.hub.tables.accounts.need(repository.ownerId))
    return call.page(call.hub.tables.teamRepositories.where("repository", repository.id), (one) => ({
      ...teamJson(call, call.hub.tables.teams.need(one.teamId)),
      permission: one.role === "read" ? "pull" : one.role === "write" ? "push" : one.role
    }))
  })
]

/** Teams, their members, their repositories. */
export const teamOperations = [...nounOperations, ...memberOperations, ...repositoryOperations]

import {
  type Account,
  atLeast,
  type Hub,
  membershipOf,
  type Role,
  type Team,
  type Viewer
} from "@sockerless/bleephub-core"
import { accountNodeId, isoTime, simpleUser } from "../accounts/render.ts"
import { teamSimple } from "../pulls/render.ts"
import type { View } from "../repositories/render.ts"
import type { Schemas } from "../wire/types.ts"

/** An organization in lists. */
export const organizationSimple = (view: View, organization: Account): Schemas["organization-simple"] => {
  const url = `${view.urls.api}/orgs/${organization.login}`
  return {
    login: organization.login,
    id: organization.id,
    node_id: accountNodeId(organization),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${view.urls.html}/avatars/u/${organization.id}?`,
    description: organization.bio
  }
}

const inside = (hub: Hub, viewer: Viewer, organization: Account) => ({
  default_repository_permission: organization.memberPermission,
  members_can_create_repositories: organization.membersCreateRepositories,
  two_factor_requirement_enabled: false,
  total_private_repos: hub.tables.repositories
    .where("owner", organization.id)
    .filter((one) => one.visibility !== "public").length,
  ...(membershipOf(hub, viewer.account, organization) === "admin" &&
    organization.email !== null && { billing_email: organization.email })
})

/** An organization asked for by itself; members see more. */
export const fullOrganization = (view: View, organization: Account): Schemas["organization-full"] => ({
  ...organizationSimple(view, organization),
  ...(organization.name !== null && { name: organization.name }),
  ...(organization.company !== null && { company: organization.company }),
  ...(organization.blog !== null && { blog: organization.blog }),
  ...(organization.location !== null && { location: organization.location }),
  ...(organization.email !== null && { email: organization.email }),
  twitter_username: organization.twitter,
  has_organization_projects: true,
  has_repository_projects: true,
  public_repos: view.hub.tables.repositories
    .where("owner", organization.id)
    .filter((one) => one.visibility === "public").length,
  public_gists: 0,
  followers: 0,
  following: 0,
  html_url: `${view.urls.html}/${organization.login}`,
  type: "Organization",
  created_at: isoTime(organization.createdAt),
  updated_at: isoTime(organization.updatedAt),
  archived_at: null,
  ...(membershipOf(view.hub, view.viewer.account, organization) !== "none" &&
    inside(view.hub, view.viewer, organization))
})

/** A membership as both sides see it. */
export const membershipJson = (
  view: View,
  membership: {
    readonly organizationId: number
    readonly accountId: number
    readonly role: "admin" | "member"
    readonly state: "active" | "pending"
  }
): Schemas["org-membership"] => {
  const organization = view.hub.tables.accounts.need(membership.organizationId)
  const account = view.hub.tables.accounts.need(membership.accountId)
  const url = `${view.urls.api}/orgs/${organization.login}`
  return {
    url: `${url}/memberships/${account.login}`,
    state: membership.state,
    role: membership.role,
    organization_url: url,
    organization: organizationSimple(view, organization),
    user: simpleUser(view.urls, account)
  }
}

/** A team in lists. */
export const teamJson = (view: View, team: Team): Schemas["team"] => ({
  ...teamSimple(view, team),
  parent: team.parentId === null ? null : teamSimple(view, view.hub.tables.teams.need(team.parentId)),
  type: "organization"
})

/** A team asked for by itself. */
export const fullTeam = (view: View, team: Team): Schemas["team-full"] => {
  const { hub } = view
  const simple = teamSimple(view, team)
  return {
    ...simple,
    privacy: team.privacy,
    notification_setting: team.notifications ? "notifications_enabled" : "notifications_disabled",
    type: "organization",
    parent: team.parentId === null ? null : teamSimple(view, hub.tables.teams.need(team.parentId)),
    members_count: hub.tables.teamMembers.count("team", team.id),
    repos_count: hub.tables.teamRepositories.count("team", team.id),
    created_at: isoTime(team.createdAt),
    updated_at: isoTime(team.updatedAt),
    organization: {
      ...fullOrganization(
        { ...view, viewer: { account: null, token: null } },
        hub.tables.accounts.need(team.organizationId)
      ),
      created_at: isoTime(hub.tables.accounts.need(team.organizationId).createdAt)
    }
  }
}

/** GitHub's five booleans for a role. */
export const roleFlags = (role: Role) => ({
  pull: atLeast(role, "read"),
  triage: atLeast(role, "triage"),
  push: atLeast(role, "write"),
  maintain: atLeast(role, "maintain"),
  admin: role === "admin"
})

import {
  acceptInvitation,
  addCollaborator,
  findOrganization,
  findRepository,
  findUser,
  forkRepository,
  grantedRole,
  type Invitation,
  isInvitation,
  nodeId,
  notFound,
  ownInvitation,
  peopleOf,
  removeCollaborator,
  type Role,
  requireAccount,
  requireAdmin,
  requireRole,
  roleNamed,
  canSee
} from "@sockerless/bleephub-core"
import { isoTime, simpleUser } from "../accounts/render.ts"
import { operation, Reply } from "../wire/call.ts"
import type { Schemas } from "../wire/types.ts"
import { fullRepository, minimalRepository, repositoryJson, type View } from "./render.ts"

const invitationJson = (view: View, invitation: Invitation): Schemas["repository-invitation"] => {
  const { accounts, repositories } = view.hub.tables
  const repository = minimalRepository(view, repositories.need(invitation.repositoryId))
  const permission = invitation.role === "none" ? "read" : invitation.role
  return {
    id: invitation.id,
    node_id: nodeId("EV", invitation.id),
    repository,
    invitee: simpleUser(view.urls, accounts.need(invitation.accountId)),
    inviter: simpleUser(view.urls, accounts.need(invitation.inviterId)),
    permissions: permission,
    created_at: isoTime(invitation.createdAt),
    expired: false,
    url: `${view.urls.api}/user/repository_invitations/${invitation.id}`,
    html_url: `${repository.html_url}/invitations`
  }
}

const permissionsOf = (role: Role) => ({
  pull: role !== "none",
  triage: ["triage", "write", "maintain", "admin"].includes(role),
  push: ["write", "maintain", "admin"].includes(role),
  maintain: ["maintain", "admin"].includes(role),
  admin: role === "admin"
})

const collaboratorOperations = [
  operation("repos/list-collaborators", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireRole(call.hub, call.viewer, repository, { role: "write", archivedToo: true })
    return call.page(peopleOf(call.hub, repository), ({ account, role }) => ({
      ...simpleUser(call.urls, account),
      permissions: permissionsOf(role),
      role_name: role
    }))
  }),
  operation("repos/check-collaborator", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    if (grantedRole(call.hub, findUser(call.hub, call.path.username), repository) === "none") throw notFound()
  }),
  operation("repos/get-collaborator-permission-level", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireRole(call.hub, call.viewer, repository, { role: "write", archivedToo: true })
    const account = findUser(call.hub, call.path.username)
    const granted = grantedRole(call.hub, account, repository)
    const role = granted === "none" && repository.visibility === "public" ? "read" : granted
    const permission = role === "maintain" ? "write" : role === "triage" ? "read" : role
    return {
      permission,
      role_name: role,
      user: { ...simpleUser(call.urls, account), permissions: permissionsOf(role), role_name: role }
    }
  }),
  operation("repos/add-collaborator", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireAdmin(call.hub, call.viewer, repository)
    const account = findUser(call.hub, call.path.username)
    const role = roleNamed(call.body?.permission)
    const made = await call.hub.change(() => addCollaborator(call.hub, actor, repository, account, role))
    return isInvitation(made) ? new Reply(201, invitationJson(call, made)) : undefined
  }),
  operation("repos/remove-collaborator", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireAdmin(call.hub, call.viewer, repository)
    const account = findUser(call.hub, call.path.username)
    await call.hub.change(() => removeCollaborator(call.hub, actor, repository, account))
  })
]

const invitationOperations = [
  operation("repos/list-invitations", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireAdmin(call.hub, call.viewer, repository)
    const all = call.hub.tables.invitations.where("repository", repository.id)
    return call.page(all, (one) => invitationJson(call, one))
  }),
  operation("repos/update-invitation", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireAdmin(call.hub, call.viewer, repository)
    const known = call.hub.tables.invitations.get(call.path.invitation_id)
    if (known?.repositoryId !== repository.id) throw notFound()
    const role = roleNamed(call.body?.permissions)
    return invitationJson(call, await call.hub.change(() => call.hub.tables.invitations.update(known.id, { role })))
  }),
  operation("repos/delete-invitation", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireAdmin(call.hub, call.viewer, repository)
    const known = call.hub.tables.invitations.get(call.path.invitation_id)
    if (known?.repositoryId !== repository.id) throw notFound()
    await call.hub.change(() => call.hub.tables.invitations.remove(known.id))
  }),
  operation("repos/list-invitations-for-authenticated-user", (call) => {
    const account = requireAccount(call.viewer)
    const all = call.hub.tables.invitations.where("account", account.id)
    return call.page(all, (one) => invitationJson(call, one))
  }),
  operation("repos/accept-invitation-for-authenticated-user", async (call) => {
    const invitation = ownInvitation(call.hub, requireAccount(call.viewer), call.path.invitation_id)
    await call.hub.change(() => acceptInvitation(call.hub, invitation))
  }),
  operation("repos/decline-invitation-for-authenticated-user", async (call) => {
    const invitation = ownInvitation(call.hub, requireAccount(call.viewer), call.path.invitation_id)
    await call.hub.change(() => call.hub.tables.invitations.remove(invitation.id))
  })
]

const forkOperations = [
  operation("repos/list-forks", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const forks = call.hub.tables.repositories
      .where("parent", repository.id)
      .filter((one) => canSee(call.hub, call.viewer, one))
      .toReversed()
    return call.page(forks, (one) => minimalRepository(call, one))
  }),
  operation("repos/create-fork", async (call) => {
    const source = findRepository(call.hub, call.viewer, call.path)
    const { organization, name } = call.body ?? {}
    const owner = organization === undefined ? requireAccount(call.viewer) : findOrganization(call.hub, organization)
    return fullRepository(call, await forkRepository(call.hub, call.viewer, source, owner, name))
  })
]

const starOperations = [
  operation("activity/list-repos-starred-by-authenticated-user", (call) => {
    const account = requireAccount(call.viewer)
    const repositories = call.hub.tables.stars
      .where("account", account.id)
      .map((star) => call.hub.tables.repositories.need(star.repositoryId))
      .filter((one) => canSee(call.hub, call.viewer, one))
      .toReversed()
    return call.page(repositories, (one) => repositoryJson(call, one))
  }),
  operation("activity/check-repo-is-starred-by-authenticated-user", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const account = requireAccount(call.viewer)
    if (call.hub.tables.stars.by("pair", `${account.id}/${repository.id}`) === undefined) throw notFound()
  }),
  operation("activity/star-repo-for-authenticated-user", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const account = requireAccount(call.viewer)
    await call.hub.change(() => {
      const { stars } = call.hub.tables
      if (stars.by("pair", `${account.id}/${repository.id}`) !== undefined) return
      stars.insert({ accountId: account.id, repositoryId: repository.id, createdAt: call.hub.now() })
    })
  }),
  operation("activity/unstar-repo-for-authenticated-user", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const account = requireAccount(call.viewer)
    const star = call.hub.tables.stars.by("pair", `${account.id}/${repository.id}`)
    if (star !== undefined) await call.hub.change(() => call.hub.tables.stars.remove(star.id))
  })
]

/** Collaborators, invitations, forks and stars. */
export const peopleOperations = [
  ...collaboratorOperations,
  ...invitationOperations,
  ...forkOperations,
  ...starOperations
]

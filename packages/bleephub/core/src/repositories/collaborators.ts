import { membershipOf } from "../access/organization.ts"
import { grantedRole } from "../access/repository.ts"
import type { Role } from "../access/role.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Collaborator, Invitation, Repository } from "./rows.ts"

/** GitHub's older words for roles. */
const ROLE: Readonly<Record<string, Role>> = {
  pull: "read",
  triage: "triage",
  push: "write",
  maintain: "maintain",
  admin: "admin",
  read: "read",
  write: "write"
}

/** The role that GitHub's `permission` names; `push` when it names none. */
export const roleNamed = (permission: string | undefined): Role => ROLE[permission ?? "push"] ?? "write"

/** GitHub's older word for a role. */
export const permissionName = (role: Role): string => (role === "read" ? "pull" : role === "write" ? "push" : role)

/** Everybody with a role of their own: the owner, members of the organization, collaborators. */
export const peopleOf = (hub: Hub, repository: Repository): ReadonlyArray<{ account: Account; role: Role }> => {
  const owner = hub.tables.accounts.need(repository.ownerId)
  const ids = new Set([
    ...(owner.type === "Organization" ? [] : [owner.id]),
    ...hub.tables.memberships.where("organization", owner.id).map((row) => row.accountId),
    ...hub.tables.collaborators.where("repository", repository.id).map((row) => row.accountId)
  ])
  return [...ids]
    .map((id) => hub.tables.accounts.need(id))
    .map((account) => ({ account, role: grantedRole(hub, account, repository) }))
    .filter(({ role }) => role !== "none")
}

/** Gives an account a role: at once to one who is inside already, by an invitation otherwise. Part of a change. */
export const addCollaborator = (
  hub: Hub,
  actor: Account,
  repository: Repository,
  account: Account,
  role: Role
): Invitation | Collaborator => {
  const owner = hub.tables.accounts.need(repository.ownerId)
  const known = hub.tables.collaborators.by("pair", `${repository.id}/${account.id}`)
  if (known !== undefined) return hub.tables.collaborators.update(known.id, { role })
  if (owner.type === "Organization" && membershipOf(hub, account, owner) !== "none") {
    return admit(hub, actor, repository, account, role)
  }
  const asked = hub.tables.invitations.by("pair", `${repository.id}/${account.id}`)
  if (asked !== undefined) return hub.tables.invitations.update(asked.id, { role })
  return hub.tables.invitations.insert({
    repositoryId: repository.id,
    accountId: account.id,
    inviterId: actor.id,
    role,
    createdAt: hub.now()
  })
}

const admit = (hub: Hub, actor: Account, repository: Repository, account: Account, role: Role): Collaborator => {
  emit(hub, { event: "member", action: "added", actor, repository, detail: { memberId: account.id } })
  return hub.tables.collaborators.insert({ repositoryId: repository.id, accountId: account.id, role })
}

/** Whether it is an invitation that waits for its answer. */
export const isInvitation = (one: Invitation | Collaborator): one is Invitation => "inviterId" in one

/** The invitation of an id that is to this account, or 404. */
export const ownInvitation = (hub: Hub, account: Account, id: number): Invitation => {
  const found = hub.tables.invitations.get(id)
  if (found === undefined || found.accountId !== account.id) throw notFound()
  return found
}

/** Takes an invitation. Part of a change. */
export const acceptInvitation = (hub: Hub, invitation: Invitation): Collaborator => {
  hub.tables.invitations.remove(invitation.id)
  const account = hub.tables.accounts.need(invitation.accountId)
  return admit(hub, account, hub.tables.repositories.need(invitation.repositoryId), account, invitation.role)
}

/** Takes away the role and any invitation; nothing to take away is success. Part of a change. */
export const removeCollaborator = (hub: Hub, actor: Account, repository: Repository, account: Account): void => {
  const known = hub.tables.collaborators.by("pair", `${repository.id}/${account.id}`)
  if (known !== undefined) {
    hub.tables.collaborators.remove(known.id)
    emit(hub, { event: "member", action: "removed", actor, repository, detail: { memberId: account.id } })
  }
  const asked = hub.tables.invitations.by("pair", `${repository.id}/${account.id}`)
  if (asked !== undefined) hub.tables.invitations.remove(asked.id)
}

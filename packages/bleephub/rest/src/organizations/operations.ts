import {
  type Account,
  addMember,
  findOrganization,
  findUser,
  Forbidden,
  hasScope,
  membershipOf,
  notFound,
  removeMember,
  requireAccount,
  requireMember,
  requireOwner,
  seesInside,
  updateAccount
} from "@sockerless/bleephub-core"
import { simpleUser } from "../accounts/render.ts"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { fullOrganization, membershipJson, organizationSimple } from "./render.ts"

const membersOf = (call: Call<OperationId>, organization: Account) =>
  call.hub.tables.memberships
    .where("organization", organization.id)
    .filter((one) => one.state === "active" && (one.public || seesInside(call.hub, call.viewer, organization)))

const membershipFor = (call: Call<OperationId>, organization: Account, account: Account) => {
  const found = call.hub.tables.memberships.by("pair", `${organization.id}/${account.id}`)
  if (found === undefined) throw notFound()
  return found
}

const organizationOperations = [
  operation("orgs/get", (call) => fullOrganization(call, findOrganization(call.hub, call.path.org))),
  operation("orgs/list", (call) => {
    const since = call.query.since ?? 0
    const all = call.hub.tables.accounts.where("type", "Organization").filter((one) => one.id > since)
    return call.page(all, (one) => organizationSimple(call, one))
  }),
  operation("orgs/update", async (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    requireOwner(call.hub, call.viewer, organization)
    const body = call.body ?? {}
    const after = await call.hub.change(() =>
      updateAccount(call.hub, organization, {
        name: body.name ?? organization.name,
        email: body.email ?? organization.email,
        company: body.company ?? organization.company,
        blog: body.blog ?? organization.blog,
        location: body.location ?? organization.location,
        bio: body.description ?? organization.bio,
        memberPermission: body.default_repository_permission ?? organization.memberPermission,
        membersCreateRepositories: body.members_can_create_repositories ?? organization.membersCreateRepositories
      })
    )
    return fullOrganization(call, after)
  }),
  operation("orgs/list-for-authenticated-user", (call) => {
    const account = requireAccount(call.viewer)
    if (!hasScope(call.viewer, "read:org") && !hasScope(call.viewer, "user")) {
      throw new Forbidden({ reason: "You need at least read:org scope or user scope to list your organizations." })
    }
    const mine = call.hub.tables.memberships.where("account", account.id).filter((one) => one.state === "active")
    return call.page(mine, (one) => organizationSimple(call, call.hub.tables.accounts.need(one.organizationId)))
  }),
  operation("orgs/list-for-user", (call) => {
    const account = findUser(call.hub, call.path.username)
    const shown = call.hub.tables.memberships.where("account", account.id).filter((one) => one.public)
    return call.page(shown, (one) => organizationSimple(call, call.hub.tables.accounts.need(one.organizationId)))
  })
]

const memberOperations = [
  operation("orgs/list-members", (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    const { role = "all" } = call.query
    const members = membersOf(call, organization).filter((one) => role === "all" || one.role === role)
    return call.page(members, (one) => simpleUser(call.urls, call.hub.tables.accounts.need(one.accountId)))
  }),
  operation("orgs/list-public-members", (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    const members = membersOf(call, organization).filter((one) => one.public)
    return call.page(members, (one) => simpleUser(call.urls, call.hub.tables.accounts.need(one.accountId)))
  }),
  operation("orgs/check-membership-for-user", (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    requireMember(call.hub, call.viewer, organization)
    if (membershipOf(call.hub, findUser(call.hub, call.path.username), organization) === "none") throw notFound()
  }),
  operation("orgs/check-public-membership-for-user", (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    const membership = membershipFor(call, organization, findUser(call.hub, call.path.username))
    if (!membership.public) throw notFound()
  }),
  operation("orgs/set-public-membership-for-authenticated-user", async (call) => {
    const account = requireAccount(call.viewer)
    const membership = membershipFor(call, findOrganization(call.hub, call.path.org), account)
    if (findUser(call.hub, call.path.username).id !== account.id) {
      throw new Forbidden({ reason: "You must be the member." })
    }
    await call.hub.change(() => call.hub.tables.memberships.update(membership.id, { public: true }))
  }),
  operation("orgs/remove-public-membership-for-authenticated-user", async (call) => {
    const membership = membershipFor(call, findOrganization(call.hub, call.path.org), requireAccount(call.viewer))
    await call.hub.change(() => call.hub.tables.memberships.update(membership.id, { public: false }))
  }),
  operation("orgs/remove-member", async (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    requireOwner(call.hub, call.viewer, organization)
    await call.hub.change(() => removeMember(call.hub, organization, findUser(call.hub, call.path.username)))
  })
]

const membershipOperations = [
  operation("orgs/get-membership-for-user", (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    requireMember(call.hub, call.viewer, organization)
    return membershipJson(call, membershipFor(call, organization, findUser(call.hub, call.path.username)))
  }),
  operation("orgs/set-membership-for-user", async (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    requireOwner(call.hub, call.viewer, organization)
    const account = findUser(call.hub, call.path.username)
    const role = call.body?.role ?? "member"
    return membershipJson(call, await call.hub.change(() => addMember(call.hub, organization, account, role)))
  }),
  operation("orgs/remove-membership-for-user", async (call) => {
    const organization = findOrganization(call.hub, call.path.org)
    requireOwner(call.hub, call.viewer, organization)
    await call.hub.change(() => removeMember(call.hub, organization, findUser(call.hub, call.path.username)))
  }),
  operation("orgs/list-memberships-for-authenticated-user", (call) => {
    const account = requireAccount(call.viewer)
    const mine = call.hub.tables.memberships
      .where("account", account.id)
      .filter((one) => call.query.state === undefined || one.state === call.query.state)
    return call.page(mine, (one) => membershipJson(call, one))
  }),
  operation("orgs/get-membership-for-authenticated-user", (call) =>
    membershipJson(call, membershipFor(call, findOrganization(call.hub, call.path.org), requireAccount(call.viewer)))
  ),
  operation("orgs/update-membership-for-authenticated-user", async (call) => {
    const membership = membershipFor(call, findOrganization(call.hub, call.path.org), requireAccount(call.viewer))
    return membershipJson(
      call,
      await call.hub.change(() => call.hub.tables.memberships.update(membership.id, { state: "active" }))
    )
  })
]

/** Organizations, their members, and memberships. */
export const orgOperations = [...organizationOperations, ...memberOperations, ...membershipOperations]

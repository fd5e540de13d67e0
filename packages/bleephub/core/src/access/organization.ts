import type { Account } from "../accounts/rows.ts"
import { Forbidden, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { hasScope, requireAccount, type Viewer } from "./viewer.ts"

/** What an account is in an organization. */
export const membershipOf = (hub: Hub, account: Account | null, organization: Account): "admin" | "member" | "none" => {
  if (account === null) return "none"
  const membership = hub.tables.memberships.by("pair", `${organization.id}/${account.id}`)
  return membership?.state === "active" ? membership.role : "none"
}

/** The organization of a login, which everybody may know of. */
export const findOrganization = (hub: Hub, login: string): Account => {
  const found = hub.tables.accounts.by("login", login.toLowerCase())
  if (found === undefined || found.type !== "Organization") throw notFound()
  return found
}

/** Whether the viewer sees what only members see, token scope included. */
export const seesInside = (hub: Hub, viewer: Viewer, organization: Account): boolean =>
  membershipOf(hub, viewer.account, organization) !== "none" && hasScope(viewer, "read:org")

/** Lets owners through; members get 403, others 404. */
export const requireOwner = (hub: Hub, viewer: Viewer, organization: Account): Account => {
  const account = requireAccount(viewer)
  const role = membershipOf(hub, account, organization)
  if (role === "none") throw notFound()
  if (role !== "admin") throw new Forbidden({ reason: "You must be an admin to perform this action." })
  if (!hasScope(viewer, "admin:org")) {
    throw new Forbidden({ reason: "Resource not accessible by personal access token" })
  }
  return account
}

/** Lets members through; others get 404. */
export const requireMember = (hub: Hub, viewer: Viewer, organization: Account): Account => {
  const account = requireAccount(viewer)
  if (!seesInside(hub, viewer, organization)) throw notFound()
  return account
}

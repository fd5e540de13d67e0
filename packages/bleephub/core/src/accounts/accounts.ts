import { invalid, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Account } from "./rows.ts"

const LOGIN = /^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/i

export interface NewAccount {
  readonly login: string
  readonly type?: Account["type"]
  readonly name?: string | null
  readonly email?: string | null
  readonly siteAdmin?: boolean
}

/** Makes a user, bot or organization; a login in any case is taken once. Part of a change. */
export const createAccount = (hub: Hub, input: NewAccount): Account => {
  const resource = input.type === "Organization" ? "Organization" : "User"
  if (!LOGIN.test(input.login)) {
    throw invalid({ resource, field: "login", code: "invalid", value: input.login })
  }
  if (hub.tables.accounts.by("login", input.login.toLowerCase()) !== undefined) {
    throw invalid({ resource, field: "login", code: "already_exists", value: input.login })
  }
  checkEmail(hub, input.email ?? null)
  const now = hub.now()
  return hub.tables.accounts.insert({
    login: input.login,
    type: input.type ?? "User",
    name: input.name ?? null,
    email: input.email ?? null,
    company: null,
    blog: null,
    location: null,
    bio: null,
    twitter: null,
    hireable: null,
    siteAdmin: input.siteAdmin ?? false,
    createdAt: now,
    updatedAt: now,
    memberPermission: "read",
    membersCreateRepositories: true
  })
}

/** An address belongs to one account, because commits are attributed by it. */
const checkEmail = (hub: Hub, email: string | null, self?: Account): void => {
  const taken = email === null ? undefined : hub.tables.accounts.by("email", email.toLowerCase())
  if (taken !== undefined && taken.id !== self?.id) {
    throw invalid({ resource: "User", field: "email", code: "already_exists", value: email })
  }
}

/** Makes an organization with its first owner. Part of a change. */
export const createOrganization = (hub: Hub, owner: Account, input: NewAccount): Account => {
  const organization = createAccount(hub, { ...input, type: "Organization" })
  hub.tables.memberships.insert({
    organizationId: organization.id,
    accountId: owner.id,
    role: "admin",
    state: "active",
    public: false
  })
  return organization
}

/** The account of a login in any case, or 404. */
export const findAccount = (hub: Hub, login: string): Account => {
  const found = hub.tables.accounts.by("login", login.toLowerCase())
  if (found === undefined) throw notFound()
  return found
}

/** The user or bot of a login, or 404. */
export const findUser = (hub: Hub, login: string): Account => {
  const found = findAccount(hub, login)
  if (found.type === "Organization") throw notFound()
  return found
}

export type AccountChange = Partial<
  Pick<
    Account,
    | "name"
    | "email"
    | "blog"
    | "company"
    | "location"
    | "bio"
    | "twitter"
    | "hireable"
    | "memberPermission"
    | "membersCreateRepositories"
  >
>

/** Changes what an account says about itself. Part of a change. */
export const updateAccount = (hub: Hub, account: Account, change: AccountChange): Account => {
  if (account.type !== "Organization") checkEmail(hub, change.email ?? null, account)
  return hub.tables.accounts.update(account.id, { ...change, updatedAt: hub.now() })
}

import type { Person } from "@sockerless/bleephub-git"
import type { Hub } from "../hub.ts"
import type { Account } from "./rows.ts"

/** The address that stands in for one that an account does not show. */
export const noReplyEmail = (account: Account): string => `${account.id}+${account.login}@users.noreply.github.com`

/** How an account signs a commit made now. */
export const personOf = (hub: Hub, account: Account): Person => ({
  name: account.name ?? account.login,
  email: account.email ?? noReplyEmail(account),
  at: hub.now()
})

/** The account whose commits carry this address, or undefined. */
export const accountOfEmail = (hub: Hub, email: string): Account | undefined => {
  const hidden = /^(?:\d+\+)?([^@]+)@users\.noreply\.github\.com$/i.exec(email)?.[1]
  if (hidden !== undefined) return hub.tables.accounts.by("login", hidden.toLowerCase())
  return email === "" ? undefined : hub.tables.accounts.by("email", email.toLowerCase())
}

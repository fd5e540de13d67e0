import {
  type Account,
  findAccount,
  Forbidden,
  hasScope,
  notFound,
  requireAccount,
  repositoriesOf,
  updateAccount
} from "@sockerless/bleephub-core"
import type { View } from "../repositories/render.ts"
import { operation } from "../wire/call.ts"
import type { Schemas } from "../wire/types.ts"
import { isoTime, simpleUser } from "./render.ts"

const countsOf = (view: View, account: Account) => ({
  public_repos: view.hub.tables.repositories
    .where("owner", account.id)
    .filter((repository) => repository.visibility === "public").length,
  public_gists: 0,
  followers: 0,
  following: 0
})

const profile = (view: View, account: Account) => ({
  ...simpleUser(view.urls, account),
  user_view_type: "public",
  name: account.name,
  company: account.company,
  blog: account.blog,
  location: account.location,
  email: account.email,
  hireable: account.hireable,
  bio: account.bio,
  twitter_username: account.twitter,
  ...countsOf(view, account),
  created_at: isoTime(account.createdAt),
  updated_at: isoTime(account.updatedAt)
})

const publicUser = (view: View, account: Account): Schemas["public-user"] => profile(view, account)

const privateUser = (view: View, account: Account): Schemas["private-user"] => ({
  ...profile(view, account),
  user_view_type: "private",
  private_gists: 0,
  total_private_repos: repositoriesOf(view.hub, view.viewer, account).filter((one) => one.visibility !== "public")
    .length,
  owned_private_repos: view.hub.tables.repositories
    .where("owner", account.id)
    .filter((one) => one.visibility !== "public").length,
  disk_usage: 0,
  collaborators: 0,
  two_factor_authentication: false
})

/** Users: oneself and others. */
export const userOperations = [
  operation("users/get-authenticated", (call) => privateUser(call, requireAccount(call.viewer))),
  operation("users/update-authenticated", async (call) => {
    const account = requireAccount(call.viewer)
    if (!hasScope(call.viewer, "user"))
      throw new Forbidden({ reason: "Resource not accessible by personal access token" })
    const body = call.body ?? {}
    const after = await call.hub.change(() =>
      updateAccount(call.hub, account, {
        name: body.name ?? account.name,
        email: body.email ?? account.email,
        blog: body.blog ?? account.blog,
        company: body.company ?? account.company,
        location: body.location ?? account.location,
        bio: body.bio ?? account.bio,
        hireable: body.hireable ?? account.hireable,
        twitter: body.twitter_username === undefined ? account.twitter : body.twitter_username
      })
    )
    return privateUser(call, after)
  }),
  operation("users/get-by-username", (call) => publicUser(call, findAccount(call.hub, call.path.username))),
  operation("users/get-by-id", (call) => {
    const account = call.hub.tables.accounts.get(call.path.account_id)
    if (account === undefined) throw notFound()
    return publicUser(call, account)
  }),
  operation("users/list", (call) => {
    const since = call.query.since ?? 0
    const accounts = call.hub.tables.accounts.all().filter((account) => account.id > since)
    return call.page(accounts, (account) => simpleUser(call.urls, account))
  }),
  operation("users/list-emails-for-authenticated-user", (call) => {
    const account = requireAccount(call.viewer)
    if (!hasScope(call.viewer, "user:email")) throw notFound()
    const emails = account.email === null ? [] : [account.email]
    return call.page(emails, (email) => ({ email, primary: true, verified: true, visibility: "public" }))
  })
]

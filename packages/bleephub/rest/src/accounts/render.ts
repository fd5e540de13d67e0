import { type Account, nodeId } from "@sockerless/bleephub-core"
import type { Schemas } from "../wire/types.ts"
import type { Urls } from "../wire/urls.ts"

/** A time as GitHub writes it: whole seconds, UTC. */
export const isoTime = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z")

/** A time that may be absent. */
export const isoTimeOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at))

/** The global id of an account, which depends on what it is. */
export const accountNodeId = (account: Account): string =>
  nodeId(account.type === "Organization" ? "O" : account.type === "Bot" ? "BOT" : "U", account.id)

/** An account as it stands inside other JSON. */
export const simpleUser = (urls: Urls, account: Account): Schemas["simple-user"] => {
  const url = `${urls.api}/users/${account.login}`
  return {
    login: account.login,
    id: account.id,
    node_id: accountNodeId(account),
    avatar_url: `${urls.html}/avatars/u/${account.id}?`,
    gravatar_id: "",
    url,
    html_url: `${urls.html}/${account.login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    user_view_type: "public",
    site_admin: account.siteAdmin
  }
}

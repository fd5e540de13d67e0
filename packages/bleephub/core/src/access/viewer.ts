import type { Account, Token } from "../accounts/rows.ts"
import { Unauthenticated } from "../faults.ts"

/** Who asks, and with which credential; both absent for somebody who showed none. */
export interface Viewer {
  readonly account: Account | null
  readonly token: Token | null
}

export const anonymous: Viewer = { account: null, token: null }

/** The account that asks, or 401. */
export const requireAccount = (viewer: Viewer): Account => {
  if (viewer.account === null) throw new Unauthenticated({ reason: "Requires authentication" })
  return viewer.account
}

const INCLUDED: Readonly<Record<string, ReadonlyArray<string>>> = {
  repo: ["public_repo", "repo:status", "repo_deployment", "repo:invite", "security_events"],
  "admin:org": ["write:org", "read:org", "manage_runners:org"],
  "write:org": ["read:org"],
  user: ["read:user", "user:email", "user:follow"],
  "admin:public_key": ["write:public_key", "read:public_key"],
  "write:public_key": ["read:public_key"],
  "admin:gpg_key": ["write:gpg_key", "read:gpg_key"],
  "write:gpg_key": ["read:gpg_key"],
  "admin:ssh_signing_key": ["write:ssh_signing_key", "read:ssh_signing_key"],
  "admin:repo_hook": ["write:repo_hook", "read:repo_hook"],
  "write:repo_hook": ["read:repo_hook"]
}

/** Whether the viewer's token carries a scope, directly or inside a larger one. */
export const hasScope = (viewer: Viewer, scope: string): boolean => {
  const held = viewer.token?.scopes ?? []
  return held.some(
    (one) =>
      one === scope || (INCLUDED[one] ?? []).some((inner) => inner === scope || (INCLUDED[inner] ?? []).includes(scope))
  )
}

import { table } from "../database/table.ts"

/** A user, an organization or a bot: whatever owns a login. */
export type Account = {
  readonly id: number
  readonly login: string
  readonly type: "User" | "Organization" | "Bot"
  readonly name: string | null
  readonly email: string | null
  readonly company: string | null
  readonly blog: string | null
  readonly location: string | null
  readonly bio: string | null
  readonly twitter: string | null
  readonly hireable: boolean | null
  readonly siteAdmin: boolean
  readonly createdAt: number
  readonly updatedAt: number
  /** Organizations only: what a member may do to each repository. */
  readonly memberPermission: "none" | "read" | "write" | "admin"
  readonly membersCreateRepositories: boolean
}

/** A credential; only the hash of its text is kept. */
export type Token = {
  readonly id: number
  readonly accountId: number
  readonly hash: string
  readonly kind: "classic" | "oauth"
  readonly note: string
  readonly scopes: ReadonlyArray<string>
  readonly expiresAt: number | null
  readonly createdAt: number
}

export type Membership = {
  readonly id: number
  readonly organizationId: number
  readonly accountId: number
  readonly role: "admin" | "member"
  readonly state: "active" | "pending"
  readonly public: boolean
}

export type SshKey = {
  readonly id: number
  /** The account, or the repository of a deploy key. */
  readonly accountId: number
  readonly kind: "authentication" | "signing" | "gpg" | "deploy-read" | "deploy-write"
  readonly title: string
  readonly key: string
  readonly createdAt: number
}

export type Star = {
  readonly id: number
  readonly accountId: number
  readonly repositoryId: number
  readonly createdAt: number
}

export const accountTables = {
  accounts: table<Account>()("accounts", {
    unique: {
      login: (row) => row.login.toLowerCase(),
      email: (row) => (row.email === null || row.type === "Organization" ? null : row.email.toLowerCase())
    },
    index: { type: (row) => row.type }
  }),
  tokens: table<Token>()("tokens", {
    unique: { hash: (row) => row.hash },
    index: { account: (row) => row.accountId }
  }),
  memberships: table<Membership>()("memberships", {
    unique: { pair: (row) => `${row.organizationId}/${row.accountId}` },
    index: { organization: (row) => row.organizationId, account: (row) => row.accountId }
  }),
  keys: table<SshKey>()("keys", {
    unique: { key: (row) => `${row.kind} ${row.key}` },
    index: { account: (row) => `${row.kind} ${row.accountId}` }
  }),
  stars: table<Star>()("stars", {
    unique: { pair: (row) => `${row.accountId}/${row.repositoryId}` },
    index: { account: (row) => row.accountId, repository: (row) => row.repositoryId }
  })
}

import {
  createAccount,
  createIssue,
  createOrganization,
  createRepository,
  createToken,
  type Account,
  findAccount,
  type Hub,
  repositoryNamed,
  type Viewer
} from "@sockerless/bleephub-core"

/** What a seed file may say; everything is optional and what exists already stays. */
export interface Seed {
  readonly users?: ReadonlyArray<{
    readonly login: string
    readonly name?: string
    readonly email?: string
    readonly admin?: boolean
  }>
  readonly tokens?: ReadonlyArray<{
    readonly user: string
    readonly scopes?: ReadonlyArray<string>
    readonly note?: string
    /** The token's text; a random one otherwise. */
    readonly token?: string
  }>
  readonly orgs?: ReadonlyArray<{
    readonly login: string
    readonly name?: string
    readonly owners?: ReadonlyArray<string>
    readonly members?: ReadonlyArray<string>
  }>
  readonly repos?: ReadonlyArray<{
    readonly name: string
    readonly description?: string
    readonly private?: boolean
    readonly init?: boolean
    readonly issues?: ReadonlyArray<{
      readonly title: string
      readonly body?: string
      readonly labels?: ReadonlyArray<string>
    }>
  }>
}

/** What seeding made, in the order in which it was made. */
export type Made = Readonly<Record<"made" | "name", string>> & { readonly token?: string }

const DEFAULT_SCOPES = ["repo", "admin:org", "user", "gist", "workflow", "admin:public_key", "admin:repo_hook"]

const seedAccounts = (hub: Hub, seed: Seed, made: Array<Made>): void => {
  for (const { login, name, email, admin } of seed.users ?? []) {
    if (hub.tables.accounts.by("login", login.toLowerCase()) !== undefined) continue
    createAccount(hub, { login, name: name ?? null, email: email ?? null, siteAdmin: admin ?? false })
    made.push({ made: "user", name: login })
  }
  for (const { login, name, owners = ["admin"], members = [] } of seed.orgs ?? []) {
    if (hub.tables.accounts.by("login", login.toLowerCase()) !== undefined) continue
    const [first = "admin", ...others] = owners
    const organization = createOrganization(hub, findAccount(hub, first), { login, name: name ?? null })
    for (const one of [...others, ...members]) {
      hub.tables.memberships.insert({
        organizationId: organization.id,
        accountId: findAccount(hub, one).id,
        role: others.includes(one) ? "admin" : "member",
        state: "active",
        public: false
      })
    }
    made.push({ made: "org", name: login })
  }
  for (const { user, scopes = DEFAULT_SCOPES, note = "seed", token } of seed.tokens ?? []) {
    const account = findAccount(hub, user)
    const { text } = createToken(hub, { account, scopes, note, ...(token !== undefined && { text: token }) })
    made.push({ made: "token", name: user, token: text })
  }
}

/** Acts as an owner, for whom nobody has to show a token. */
const ownerViewer = (hub: Hub, owner: Account): Viewer => {
  const admin = hub.tables.memberships.where("organization", owner.id).find((one) => one.role === "admin")
  const account = owner.type === "Organization" ? hub.tables.accounts.need(admin?.accountId ?? 0) : owner
  const scopes = ["repo"]
  const base = { id: 0, accountId: account.id, hash: "", note: "seed", expiresAt: null, createdAt: 0 }
  return { account, token: { ...base, kind: "classic", scopes } }
}

/** Makes what a seed describes; made again it changes nothing but tokens, whose texts cannot be shown twice. */
export const seedHub = async (hub: Hub, seed: Seed): Promise<ReadonlyArray<Made>> => {
  const made: Array<Made> = []
  await hub.change(() => seedAccounts(hub, seed, made))
  for (const { name, description, private: hidden, init, issues = [] } of seed.repos ?? []) {
    const [ownerName = "", repo = ""] = name.split("/")
    if (repositoryNamed(hub, ownerName, repo) !== undefined) continue
    const owner = findAccount(hub, ownerName)
    const viewer = ownerViewer(hub, owner)
    const repository = await createRepository(hub, viewer, owner, {
      name: repo,
      description: description ?? null,
      visibility: hidden === true ? "private" : "public",
      autoInit: init ?? false
    })
    await hub.change(() => {
      for (const issue of issues) createIssue(hub, viewer, repository, issue)
    })
    made.push({ made: "repo", name })
  }
  return made
}

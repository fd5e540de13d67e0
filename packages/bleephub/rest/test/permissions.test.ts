import { createOrganization, createToken } from "@sockerless/bleephub-core"
import { assert, it } from "@effect/vitest"
import { openWorld, type World } from "./kit/world.ts"

/** Who asks, by role on the private repository `acme/tools`. */
const ROLES = ["none", "pull", "triage", "push", "maintain", "admin"] as const

/** What is asked, and the weakest role that may; 404 hides from those who see nothing. */
const families: ReadonlyArray<readonly [needs: (typeof ROLES)[number], method: string, path: string, body?: object]> = [
  ["pull", "GET", ""],
  ["pull", "GET", "/issues"],
  ["pull", "POST", "/issues", { title: "x" }],
  ["pull", "POST", "/issues/1/comments", { body: "x" }],
  ["triage", "POST", "/issues/1/labels", { labels: ["bug"] }],
  ["triage", "PATCH", "/issues/1", { title: "one" }],
  ["push", "POST", "/labels", { name: "label" }],
  ["push", "PUT", "/issues/1/lock", {}],
  ["push", "GET", "/collaborators"],
  ["push", "GET", "/actions/secrets"],
  ["admin", "GET", "/hooks"],
  ["admin", "PATCH", "", { description: "x" }],
  ["admin", "GET", "/keys"]
]

const allowed = (status: number): boolean => status < 300 || status === 422

const setUp = async (world: World): Promise<ReadonlyMap<string, string>> => {
  await world.hub.change(() => createOrganization(world.hub, world.user, { login: "acme" }))
  await world.ask("PATCH", "/orgs/acme", { default_repository_permission: "none" })
  await world.ask("POST", "/orgs/acme/repos", { name: "tools", private: true })
  await world.ask("POST", "/repos/acme/tools/issues", { title: "one" })
  const tokens = new Map<string, string>()
  for (const role of ROLES) {
    const { token, account } = await world.person(`${role}-person`)
    tokens.set(role, token)
    if (role === "none") continue
    await world.ask("PUT", `/orgs/acme/memberships/${account.login}`, { role: "member" })
    await world.ask("PATCH", "/user/memberships/orgs/acme", { state: "active" }, { token })
    await world.ask("PUT", `/repos/acme/tools/collaborators/${account.login}`, { permission: role })
  }
  return tokens
}

it("each family of operations is for the roles that may, and hidden from those who see nothing", async () => {
  await using world = await openWorld()
  const tokens = await setUp(world)
  for (const [needs, method, path, body] of families) {
    for (const role of ROLES) {
      const at = `${role}: ${method} ${path}`
      const { status } = await world.ask(method, `/repos/acme/tools${path}`, body, { token: tokens.get(role) ?? "" })
      if (role === "none") assert.strictEqual(status, 404, at)
      else if (ROLES.indexOf(role) >= ROLES.indexOf(needs)) assert.isTrue(allowed(status), `${at} ${status}`)
      else assert.strictEqual(status, 403, at)
    }
    const anonymous = await world.ask(method, `/repos/acme/tools${path}`, body, { token: null })
    assert.strictEqual(anonymous.status, 404, `anonymous: ${method} ${path}`)
  }
})

it("a token without the scope sees no private repository, and an expired one is nobody", async () => {
  await using world = await openWorld()
  await setUp(world)
  const scoped = (scopes: ReadonlyArray<string>, expiresAt: number | null): Promise<string> =>
    world.hub.change(() => createToken(world.hub, { account: world.user, scopes, note: "test", expiresAt }).text)
  const weak = await scoped(["public_repo"], null)
  assert.strictEqual((await world.ask("GET", "/repos/acme/tools", undefined, { token: weak })).status, 404)
  const expired = await scoped(["repo", "admin:org"], world.hub.now() - 1)
  const answer = await world.ask("GET", "/repos/acme/tools", undefined, { token: expired })
  assert.deepStrictEqual([answer.status, answer.json.message], [401, "Bad credentials"])
})

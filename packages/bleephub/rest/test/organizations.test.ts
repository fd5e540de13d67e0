import { createOrganization, enableAutoMerge, findPull, runAutoMerges, viewerOfToken } from "@sockerless/bleephub-core"
import { assert, it } from "@effect/vitest"
import { openWorld } from "./kit/world.ts"

it("members, teams and their repositories decide who may what", async () => {
  await using world = await openWorld()
  const other = await world.person("hubot")
  const asOther = { token: other.token }
  await world.hub.change(() => createOrganization(world.hub, world.user, { login: "acme" }))
  assert.strictEqual((await world.ask("GET", "/orgs/acme")).json.login, "acme")
  const updated = await world.ask("PATCH", "/orgs/acme", {
    default_repository_permission: "none",
    description: "We make"
  })
  assert.deepStrictEqual([updated.status, updated.json.description], [200, "We make"])
  const made = await world.ask("POST", "/orgs/acme/repos", { name: "tools", private: true })
  assert.deepStrictEqual([made.status, made.json.organization.login], [201, "acme"])
  assert.strictEqual((await world.ask("POST", "/orgs/acme/repos", { name: "x" }, asOther)).status, 404)
  const invited = await world.ask("PUT", "/orgs/acme/memberships/hubot", { role: "member" })
  assert.deepStrictEqual([invited.status, invited.json.state], [200, "pending"])
  const accepted = await world.ask("PATCH", "/user/memberships/orgs/acme", { state: "active" }, asOther)
  assert.strictEqual(accepted.json.state, "active")
  assert.strictEqual((await world.ask("GET", "/repos/acme/tools", undefined, asOther)).status, 404)
  const team = await world.ask("POST", "/orgs/acme/teams", { name: "Tool Makers", privacy: "closed" })
  assert.deepStrictEqual([team.status, team.json.slug], [201, "tool-makers"])
  const child = await world.ask("POST", "/orgs/acme/teams", { name: "Juniors", parent_team_id: team.json.id })
  assert.strictEqual(child.json.parent.slug, "tool-makers")
  const repo = "/orgs/acme/teams/tool-makers/repos/acme/tools"
  assert.strictEqual((await world.ask("PUT", repo, { permission: "push" })).status, 204)
  await world.ask("PUT", "/orgs/acme/teams/juniors/memberships/hubot", { role: "member" })
  const seen = await world.ask("GET", "/repos/acme/tools", undefined, asOther)
  assert.deepStrictEqual([seen.status, seen.json.permissions.push, seen.json.permissions.admin], [200, true, false])
  assert.strictEqual((await world.ask("GET", "/orgs/acme/teams/juniors/members")).json.length, 2)
  assert.strictEqual((await world.ask("GET", "/orgs/acme/teams", undefined, asOther)).json.length, 2)
  assert.strictEqual((await world.ask("DELETE", "/orgs/acme/teams/tool-makers")).status, 204)
  assert.strictEqual((await world.ask("GET", "/repos/acme/tools", undefined, asOther)).status, 404)
  assert.strictEqual((await world.ask("DELETE", "/orgs/acme/members/mona")).status, 422)
  assert.strictEqual((await world.ask("DELETE", "/orgs/acme/members/hubot")).status, 204)
  assert.strictEqual((await world.ask("GET", "/orgs/acme/teams", undefined, asOther)).status, 404)
})

it("a protected branch takes neither pushes nor merges that it does not allow", async () => {
  await using world = await openWorld()
  const other = await world.person("hubot")
  await world.ask("POST", "/user/repos", { name: "alpha", auto_init: true })
  const protection = "/repos/mona/alpha/branches/main/protection"
  assert.strictEqual((await world.ask("GET", protection)).status, 404)
  const set = await world.ask("PUT", protection, {
    required_status_checks: { strict: false, contexts: ["ci"] },
    enforce_admins: true,
    required_pull_request_reviews: { required_approving_review_count: 1 },
    restrictions: null
  })
  assert.strictEqual(set.status, 200)
  assert.deepStrictEqual((await world.ask("GET", protection)).json.required_status_checks.contexts, ["ci"])
  const unkept = await world.ask("PUT", protection, {
    required_status_checks: null,
    enforce_admins: null,
    required_pull_request_reviews: null,
    restrictions: null,
    required_linear_history: true
  })
  assert.deepStrictEqual(
    [unkept.status, unkept.json.message],
    [422, "bleephub does not enforce required_linear_history yet: leave it out"]
  )
  const content = Buffer.from("x").toString("base64")
  const direct = await world.ask("PUT", "/repos/mona/alpha/contents/x", { message: "x", content })
  assert.strictEqual(direct.status, 409)
  assert.strictEqual((await world.ask("DELETE", "/repos/mona/alpha/git/refs/heads/main")).status, 422)
  const { sha } = (await world.ask("GET", "/repos/mona/alpha/commits/main")).json
  await world.ask("POST", "/repos/mona/alpha/git/refs", { ref: "refs/heads/topic", sha })
  await world.ask("PUT", "/repos/mona/alpha/contents/x", { message: "x", content, branch: "topic" })
  const pull = await world.ask("POST", "/repos/mona/alpha/pulls", { title: "T", head: "topic", base: "main" })
  assert.strictEqual(pull.json.mergeable_state, "blocked")
  const early = await world.ask("PUT", "/repos/mona/alpha/pulls/1/merge", {})
  assert.deepStrictEqual(
    [early.status, early.json.message],
    [405, "At least 1 approving review is required by reviewers with write access."]
  )
  await world.ask("POST", "/repos/mona/alpha/pulls/1/reviews", { event: "APPROVE" }, { token: other.token })
  const unchecked = await world.ask("PUT", "/repos/mona/alpha/pulls/1/merge", {})
  assert.deepStrictEqual([unchecked.status, unchecked.json.message], [405, 'Required status check "ci" is expected.'])
  await world.ask("PATCH", "/repos/mona/alpha", { allow_auto_merge: true })
  const viewer = viewerOfToken(world.hub, world.token)
  const asked = { method: "squash", title: null, message: null } as const
  await enableAutoMerge(world.hub, viewer, findPull(world.hub, world.hub.tables.repositories.need(1), 1), asked)
  await runAutoMerges(world.hub)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/pulls/1")).json.auto_merge.merge_method, "squash")
  await world.ask("POST", `/repos/mona/alpha/statuses/${pull.json.head.sha}`, { state: "success", context: "ci" })
  await runAutoMerges(world.hub)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/pulls/1")).json.merged, true)
  assert.strictEqual((await world.ask("DELETE", protection)).status, 204)
})

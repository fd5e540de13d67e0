import { assert, it } from "@effect/vitest"
import { openWorld } from "./kit/world.ts"

it("an issue is opened, listed, commented, changed, closed and its conditional reading costs nothing", async () => {
  await using world = await openWorld()
  const made = await world.ask("POST", "/user/repos", { name: "alpha", description: "first" })
  assert.strictEqual(made.status, 201)
  assert.strictEqual(made.json.full_name, "mona/alpha")
  const issue = await world.ask("POST", "/repos/mona/alpha/issues", {
    title: "It breaks",
    body: "Badly",
    labels: ["bug", "new one"],
    assignees: ["mona"]
  })
  assert.strictEqual(issue.status, 201)
  assert.strictEqual(issue.json.number, 1)
  assert.deepStrictEqual(
    issue.json.labels.map((label: { name: string }) => label.name),
    ["bug", "new one"]
  )
  const listed = await world.ask("GET", "/repos/mona/alpha/issues?labels=bug")
  assert.strictEqual(listed.json.length, 1)
  assert.deepStrictEqual(listed.json[0], issue.json)
  const again = await world.ask("GET", "/repos/mona/alpha/issues?labels=bug", undefined, {
    headers: { "if-none-match": String(listed.headers.get("etag")) }
  })
  assert.strictEqual(again.status, 304)
  const comment = await world.ask("POST", "/repos/mona/alpha/issues/1/comments", { body: "Indeed" })
  assert.strictEqual(comment.status, 201)
  const closed = await world.ask("PATCH", "/repos/mona/alpha/issues/1", {
    state: "closed",
    state_reason: "not_planned",
    title: "It broke"
  })
  assert.strictEqual(closed.json.state, "closed")
  assert.strictEqual(closed.json.state_reason, "not_planned")
  assert.strictEqual(closed.json.comments, 1)
  assert.strictEqual(closed.json.closed_by.login, "mona")
  assert.deepStrictEqual((await world.ask("GET", "/repos/mona/alpha/issues")).json, [])
})

it("pages carry links that keep every parameter", async () => {
  await using world = await openWorld()
  await world.ask("POST", "/user/repos", { name: "alpha" })
  for (let n = 1; n <= 5; n++) await world.ask("POST", "/repos/mona/alpha/issues", { title: `issue ${n}` })
  const page = await world.ask("GET", "/repos/mona/alpha/issues?state=all&per_page=2&page=2&direction=asc")
  assert.deepStrictEqual(
    page.json.map((issue: { title: string }) => issue.title),
    ["issue 3", "issue 4"]
  )
  const base = `${world.url}/api/v3/repos/mona/alpha/issues?state=all&per_page=2`
  assert.strictEqual(
    page.headers.get("link"),
    [
      `<${base}&page=1&direction=asc>; rel="prev"`,
      `<${base}&page=3&direction=asc>; rel="next"`,
      `<${base}&page=3&direction=asc>; rel="last"`,
      `<${base}&page=1&direction=asc>; rel="first"`
    ].join(", ")
  )
})

it("wrong requests get GitHub's own words", async () => {
  await using world = await openWorld()
  await world.ask("POST", "/user/repos", { name: "alpha" })
  const broken = await world.ask("POST", "/repos/mona/alpha/issues", "{")
  assert.deepStrictEqual([broken.status, broken.json.message], [400, "Problems parsing JSON"])
  const list = await world.ask("POST", "/repos/mona/alpha/issues", [])
  assert.deepStrictEqual([list.status, list.json.message], [400, "Body should be a JSON object"])
  const untitled = await world.ask("POST", "/repos/mona/alpha/issues", {})
  assert.deepStrictEqual(
    [untitled.status, untitled.json.message],
    [422, 'Invalid request.\n\n"title" wasn\'t supplied.']
  )
  const stranger = await world.ask("POST", "/repos/mona/alpha/issues", { title: "x", assignees: ["nobody"] })
  assert.deepStrictEqual(
    [stranger.status, stranger.json.errors],
    [422, [{ resource: "Issue", field: "assignees", code: "invalid", value: "nobody" }]]
  )
  const bad = await world.ask("GET", "/user", undefined, { token: "ghp_wrong" })
  assert.deepStrictEqual([bad.status, bad.json.message], [401, "Bad credentials"])
  const none = await world.ask("GET", "/user", undefined, { token: null })
  assert.deepStrictEqual([none.status, none.json.message], [401, "Requires authentication"])
  const later = await world.ask("GET", "/orgs/x/copilot/billing")
  assert.deepStrictEqual(
    [later.status, later.headers.get("x-bleephub-unimplemented")],
    [404, "copilot/get-copilot-organization-details"]
  )
})

it("what a stranger may not see does not exist for her", async () => {
  await using world = await openWorld()
  const other = await world.person("hubot")
  await world.ask("POST", "/user/repos", { name: "secret", private: true })
  await world.ask("POST", "/user/repos", { name: "open" })
  await world.ask("POST", "/repos/mona/open/issues", { title: "hello" })
  for (const token of [other.token, null]) {
    assert.strictEqual((await world.ask("GET", "/repos/mona/secret", undefined, { token })).status, 404)
    assert.strictEqual((await world.ask("GET", "/repos/mona/open", undefined, { token })).status, 200)
  }
  const options = { token: other.token }
  assert.strictEqual((await world.ask("DELETE", "/repos/mona/open", undefined, options)).status, 403)
  assert.strictEqual((await world.ask("PATCH", "/repos/mona/open/issues/1", { state: "closed" }, options)).status, 403)
  const dropped = await world.ask("POST", "/repos/mona/open/issues", { title: "x", labels: ["bug"] }, options)
  assert.deepStrictEqual([dropped.status, dropped.json.labels], [201, []])
})

it("an old name leads to the repository", async () => {
  await using world = await openWorld()
  await world.ask("POST", "/user/repos", { name: "alpha" })
  await world.ask("PATCH", "/repos/mona/alpha", { name: "beta" })
  const old = await world.ask("GET", "/repos/mona/alpha/issues?state=all")
  assert.strictEqual(old.status, 301)
  assert.strictEqual(old.headers.get("location"), `${world.url}/api/v3/repos/mona/beta/issues?state=all`)
  await world.ask("POST", "/user/repos", { name: "alpha" })
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha")).json.name, "alpha")
})

it("labels, milestones and assignees of an issue", async () => {
  await using world = await openWorld()
  await world.ask("POST", "/user/repos", { name: "alpha" })
  await world.ask("POST", "/repos/mona/alpha/issues", { title: "one" })
  const label = await world.ask("POST", "/repos/mona/alpha/labels", { name: "urgent", color: "FF0000" })
  assert.deepStrictEqual([label.status, label.json.color], [201, "ff0000"])
  assert.strictEqual((await world.ask("POST", "/repos/mona/alpha/labels", { name: "Urgent" })).status, 422)
  const put = await world.ask("PUT", "/repos/mona/alpha/issues/1/labels", { labels: ["urgent"] })
  assert.strictEqual(put.json.length, 1)
  const renamed = await world.ask("PATCH", "/repos/mona/alpha/labels/urgent", { new_name: "very urgent" })
  assert.strictEqual(renamed.json.name, "very urgent")
  assert.strictEqual((await world.ask("DELETE", "/repos/mona/alpha/labels/very%20urgent")).status, 204)
  assert.deepStrictEqual((await world.ask("GET", "/repos/mona/alpha/issues/1/labels")).json, [])
  const milestone = await world.ask("POST", "/repos/mona/alpha/milestones", {
    title: "v1",
    due_on: "2030-01-01T00:00:00Z"
  })
  assert.deepStrictEqual([milestone.status, milestone.json.due_on], [201, "2030-01-01T00:00:00Z"])
  await world.ask("PATCH", "/repos/mona/alpha/issues/1", { milestone: 1 })
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/milestones")).json[0].open_issues, 1)
  await world.ask("POST", "/repos/mona/alpha/issues/1/assignees", { assignees: ["mona"] })
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/assignees/mona")).status, 204)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/issues?assignee=mona&milestone=1")).json.length, 1)
})

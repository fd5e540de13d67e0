import { assert, it } from "@effect/vitest"
import { openWorld } from "./kit/world.ts"

it("search finds by qualifiers what the viewer may see, and an unknown one is an error", async () => {
  await using world = await openWorld()
  const other = await world.person("hubot")
  await world.ask("POST", "/user/repos", { name: "alpha" })
  await world.ask("POST", "/user/repos", { name: "secret", private: true })
  await world.ask("POST", "/repos/mona/alpha/issues", { title: "Pump leaks", labels: ["bug"], assignees: ["mona"] })
  await world.ask("POST", "/repos/mona/alpha/issues", { title: "Pump sings" })
  await world.ask("POST", "/repos/mona/secret/issues", { title: "Pump hides" })
  const titles = async (q: string, token = world.token) =>
    (
      await world.ask("GET", `/search/issues?q=${encodeURIComponent(q)}&order=asc`, undefined, { token })
    ).json.items.map((item: { title: string }) => item.title)
  assert.deepStrictEqual(await titles("pump"), ["Pump leaks", "Pump sings", "Pump hides"])
  assert.deepStrictEqual(await titles("pump", other.token), ["Pump leaks", "Pump sings"])
  assert.deepStrictEqual(await titles("label:bug is:open"), ["Pump leaks"])
  assert.deepStrictEqual(await titles("-label:bug repo:mona/alpha is:issue"), ["Pump sings"])
  assert.deepStrictEqual(await titles("assignee:@me no:milestone created:>2020-01-01"), ["Pump leaks"])
  assert.deepStrictEqual(await titles("is:pr"), [])
  const unknown = await world.ask("GET", "/search/issues?q=colour:red")
  assert.strictEqual(unknown.status, 422)
  const repositories = await world.ask("GET", "/search/repositories?q=alpha+user:mona")
  assert.deepStrictEqual([repositories.json.total_count, repositories.json.items[0].name], [1, "alpha"])
  assert.strictEqual((await world.ask("GET", "/search/users?q=hub")).json.items[0].login, "hubot")
})

it("a stranger becomes a collaborator by invitation, forks and stars", async () => {
  await using world = await openWorld()
  const other = await world.person("hubot")
  const asOther = { token: other.token }
  await world.ask("POST", "/user/repos", { name: "alpha", private: true, auto_init: true })
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha", undefined, asOther)).status, 404)
  const invited = await world.ask("PUT", "/repos/mona/alpha/collaborators/hubot", { permission: "push" })
  assert.deepStrictEqual([invited.status, invited.json.permissions], [201, "write"])
  const mine = await world.ask("GET", "/user/repository_invitations", undefined, asOther)
  assert.strictEqual(mine.json.length, 1)
  const accepted = await world.ask("PATCH", `/user/repository_invitations/${mine.json[0].id}`, undefined, asOther)
  assert.strictEqual(accepted.status, 204)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha", undefined, asOther)).json.permissions.push, true)
  const level = await world.ask("GET", "/repos/mona/alpha/collaborators/hubot/permission")
  assert.strictEqual(level.json.permission, "write")
  const fork = await world.ask("POST", "/repos/mona/alpha/forks", {}, asOther)
  assert.deepStrictEqual(
    [fork.status, fork.json.full_name, fork.json.parent.full_name],
    [202, "hubot/alpha", "mona/alpha"]
  )
  assert.strictEqual((await world.ask("GET", "/repos/hubot/alpha/readme", undefined, asOther)).status, 200)
  assert.strictEqual((await world.ask("PUT", "/user/starred/mona/alpha")).status, 204)
  assert.strictEqual((await world.ask("GET", "/user/starred")).json.length, 1)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha")).json.stargazers_count, 1)
  assert.strictEqual((await world.ask("DELETE", "/repos/mona/alpha/collaborators/hubot")).status, 204)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha", undefined, asOther)).status, 404)
})

it("secrets are sealed for their place and never shown; variables are", async () => {
  await using world = await openWorld()
  await world.ask("POST", "/user/repos", { name: "alpha" })
  const key = await world.ask("GET", "/repos/mona/alpha/actions/secrets/public-key")
  assert.strictEqual(Buffer.from(key.json.key, "base64").length, 32)
  const put = (body: object) => world.ask("PUT", "/repos/mona/alpha/actions/secrets/token", body)
  assert.strictEqual((await put({ encrypted_value: "c2VhbGVk", key_id: "wrong" })).status, 422)
  assert.strictEqual((await put({ encrypted_value: "c2VhbGVk", key_id: key.json.key_id })).status, 201)
  assert.strictEqual((await put({ encrypted_value: "b3RoZXI=", key_id: key.json.key_id })).status, 204)
  const listed = await world.ask("GET", "/repos/mona/alpha/actions/secrets")
  assert.deepStrictEqual(
    [listed.json.total_count, Object.keys(listed.json.secrets[0]), listed.json.secrets[0].name],
    [1, ["name", "created_at", "updated_at"], "TOKEN"]
  )
  const variables = "/repos/mona/alpha/actions/variables"
  assert.strictEqual((await world.ask("POST", variables, { name: "color", value: "red" })).status, 201)
  assert.strictEqual((await world.ask("POST", variables, { name: "COLOR", value: "red" })).status, 409)
  assert.strictEqual((await world.ask("PATCH", `${variables}/COLOR`, { value: "blue" })).status, 204)
  assert.strictEqual((await world.ask("GET", `${variables}/color`)).json.value, "blue")
  assert.strictEqual((await world.ask("DELETE", `${variables}/color`)).status, 204)
  assert.strictEqual((await world.ask("DELETE", "/repos/mona/alpha/actions/secrets/TOKEN")).status, 204)
})

it("gists, reactions and the history of an issue", async () => {
  await using world = await openWorld()
  const other = await world.person("hubot")
  const gist = await world.ask("POST", "/gists", { description: "notes", files: { "a.txt": { content: "one" } } })
  assert.deepStrictEqual([gist.status, gist.json.files["a.txt"].content], [201, "one"])
  const changed = await world.ask("PATCH", `/gists/${gist.json.id}`, {
    files: { "a.txt": { filename: "b.txt" }, "c.txt": { content: "three" } }
  })
  assert.deepStrictEqual(Object.keys(changed.json.files), ["b.txt", "c.txt"])
  assert.strictEqual(changed.json.files["b.txt"].content, "one")
  const stranger = await world.ask("DELETE", `/gists/${gist.json.id}`, undefined, { token: other.token })
  assert.strictEqual(stranger.status, 404)
  assert.strictEqual((await world.ask("DELETE", `/gists/${gist.json.id}`)).status, 204)
  await world.ask("POST", "/user/repos", { name: "alpha" })
  await world.ask("POST", "/repos/mona/alpha/issues", { title: "one", labels: ["bug"] })
  const reactions = "/repos/mona/alpha/issues/1/reactions"
  const first = await world.ask("POST", reactions, { content: "heart" })
  assert.strictEqual(first.status, 201)
  assert.strictEqual((await world.ask("POST", reactions, { content: "heart" })).status, 200)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/issues/1")).json.reactions.heart, 1)
  assert.strictEqual((await world.ask("DELETE", `${reactions}/${first.json.id}`)).status, 204)
  const events = await world.ask("GET", "/repos/mona/alpha/issues/events")
  assert.deepStrictEqual([events.json[0].event, events.json[0].label.name], ["labeled", "bug"])
})

import { assert, it } from "@effect/vitest"
import { openWorld } from "./kit/world.ts"

it("a release makes its tag, takes files, and gives them back byte by byte", async () => {
  await using world = await openWorld()
  await world.ask("POST", "/user/repos", { name: "alpha", auto_init: true })
  const draft = await world.ask("POST", "/repos/mona/alpha/releases", { tag_name: "v1", draft: true, name: "One" })
  assert.deepStrictEqual([draft.status, draft.json.draft], [201, true])
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/releases", undefined, { token: null })).json.length, 0)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/git/ref/tags/v1")).status, 404)
  const published = await world.ask("PATCH", `/repos/mona/alpha/releases/${draft.json.id}`, { draft: false })
  assert.strictEqual(published.json.draft, false)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/git/ref/tags/v1")).status, 200)
  const upload = draft.json.upload_url.replace(/\{.*\}$/, "?name=a%20file.bin&label=Data")
  const asset = await world.ask("POST", upload, "some bytes", { headers: { "content-type": "application/x-thing" } })
  assert.deepStrictEqual(
    [asset.status, asset.json.name, asset.json.size, asset.json.content_type, asset.json.label],
    [201, "a file.bin", 10, "application/x-thing", "Data"]
  )
  assert.strictEqual((await world.ask("POST", upload, "again")).status, 422)
  const bytes = await world.ask("GET", `/repos/mona/alpha/releases/assets/${asset.json.id}`, undefined, {
    headers: { accept: "application/octet-stream" }
  })
  assert.strictEqual(bytes.json, "some bytes")
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/releases/latest")).json.id, draft.json.id)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/releases/tags/v1")).json.assets[0].download_count, 1)
  assert.strictEqual((await world.ask("POST", "/repos/mona/alpha/releases", { tag_name: "v1" })).status, 422)
  assert.strictEqual((await world.ask("DELETE", `/repos/mona/alpha/releases/assets/${asset.json.id}`)).status, 204)
  assert.strictEqual((await world.ask("DELETE", `/repos/mona/alpha/releases/${draft.json.id}`)).status, 204)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/tags")).json[0].name, "v1")
})

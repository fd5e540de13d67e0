import { assert, it } from "@effect/vitest"
import { openWorld } from "./kit/world.ts"

it("statuses and check runs of a commit add up", async () => {
  await using world = await openWorld()
  await world.ask("POST", "/user/repos", { name: "alpha", auto_init: true })
  const { sha } = (await world.ask("GET", "/repos/mona/alpha/commits/main")).json
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/commits/main/status")).json.state, "pending")
  const made = await world.ask("POST", `/repos/mona/alpha/statuses/${sha}`, { state: "failure", context: "ci" })
  assert.deepStrictEqual([made.status, made.json.state, made.json.context], [201, "failure", "ci"])
  await world.ask("POST", `/repos/mona/alpha/statuses/${sha}`, { state: "success", context: "ci" })
  const combined = await world.ask("GET", `/repos/mona/alpha/commits/${sha}/status`)
  assert.deepStrictEqual([combined.json.state, combined.json.total_count], ["success", 1])
  assert.strictEqual((await world.ask("GET", `/repos/mona/alpha/commits/${sha}/statuses`)).json.length, 2)
  const run = await world.ask("POST", "/repos/mona/alpha/check-runs", { name: "lint", head_sha: sha })
  assert.deepStrictEqual([run.status, run.json.status], [201, "queued"])
  const bare = await world.ask("PATCH", `/repos/mona/alpha/check-runs/${run.json.id}`, { status: "completed" })
  assert.strictEqual(bare.status, 422)
  const done = await world.ask("PATCH", `/repos/mona/alpha/check-runs/${run.json.id}`, {
    conclusion: "success",
    output: {
      title: "Lint",
      summary: "One",
      annotations: [{ path: "README.md", start_line: 1, end_line: 1, annotation_level: "notice", message: "Nice" }]
    }
  })
  assert.deepStrictEqual([done.json.status, done.json.conclusion], ["completed", "success"])
  const annotations = await world.ask("GET", `/repos/mona/alpha/check-runs/${run.json.id}/annotations`)
  assert.strictEqual(annotations.json[0].message, "Nice")
  const listed = await world.ask("GET", "/repos/mona/alpha/commits/main/check-runs")
  assert.deepStrictEqual([listed.json.total_count, listed.json.check_runs[0].name], [1, "lint"])
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/commits/main/check-suites")).json.total_count, 1)
})

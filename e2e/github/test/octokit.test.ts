import { Octokit, RequestError } from "octokit"
import { assert, it } from "vitest"
import { openHub } from "../src/index.ts"

const LIMIT = 300_000

it("Octokit works, pages, branches, merges, and is told of its errors", { timeout: LIMIT }, async () => {
  await using hub = await openHub()
  const baseUrl = `http://127.0.0.1:${hub.started.httpPort}/api/v3`
  const mona = new Octokit({ baseUrl, auth: hub.token, userAgent: "test" })
  const at = { owner: "mona", repo: "alpha" }
  const made = await mona.rest.repos.createForAuthenticatedUser({ name: "alpha", auto_init: true })
  assert.strictEqual(made.status, 201)
  assert.strictEqual((await mona.rest.users.getAuthenticated()).data.login, "mona")
  for (let n = 1; n <= 7; n++) await mona.rest.issues.create({ ...at, title: `issue ${n}`, labels: ["bug"] })
  const all = await mona.paginate(mona.rest.issues.listForRepo, { ...at, per_page: 3, direction: "asc" })
  assert.deepStrictEqual(
    all.map((issue) => issue.title),
    Array.from({ length: 7 }, (_, n) => `issue ${n + 1}`)
  )
  const found = await mona.paginate(mona.rest.search.issuesAndPullRequests, { q: "repo:mona/alpha issue", per_page: 3 })
  assert.strictEqual(found.length, 7)

  const main = await mona.rest.git.getRef({ ...at, ref: "heads/main" })
  const blob = await mona.rest.git.createBlob({ ...at, content: "hello\n" })
  const tree = await mona.rest.git.createTree({
    ...at,
    base_tree: main.data.object.sha,
    tree: [{ path: "src/hello.txt", mode: "100644", type: "blob", sha: blob.data.sha }]
  })
  const commit = await mona.rest.git.createCommit({
    ...at,
    message: "Say hello",
    tree: tree.data.sha,
    parents: [main.data.object.sha]
  })
  await mona.rest.git.createRef({ ...at, ref: "refs/heads/hello", sha: commit.data.sha })
  const content = await mona.rest.repos.getContent({
    ...at,
    path: "src/hello.txt",
    ref: "hello",
    mediaType: { format: "raw" }
  })
  assert.strictEqual(String(content.data), "hello\n")
  const pull = await mona.rest.pulls.create({ ...at, title: "Hello", head: "hello", base: "main", body: "Closes #1" })
  const files = await mona.rest.pulls.listFiles({ ...at, pull_number: pull.data.number })
  assert.deepStrictEqual(
    files.data.map((file) => [file.filename, file.status, file.additions]),
    [["src/hello.txt", "added", 1]]
  )
  const diff = await mona.rest.pulls.get({ ...at, pull_number: pull.data.number, mediaType: { format: "diff" } })
  assert.include(String(diff.data), "+hello")
  const merged = await mona.rest.pulls.merge({ ...at, pull_number: pull.data.number, merge_method: "merge" })
  assert.strictEqual(merged.data.merged, true)
  assert.strictEqual((await mona.rest.issues.get({ ...at, issue_number: 1 })).data.state, "closed")

  const { viewer } = await mona.graphql<{ viewer: { login: string } }>("{ viewer { login } }", {
    baseUrl: baseUrl.replace("/v3", "")
  })
  assert.strictEqual(viewer.login, "mona")
  const first = await mona.rest.issues.listForRepo(at)
  const again = await mona
    .request("GET /repos/{owner}/{repo}/issues", { ...at, headers: { "if-none-match": first.headers.etag } })
    .catch((error: unknown) => error)
  assert.strictEqual(again instanceof RequestError && again.status, 304)
  const missing = await mona.rest.repos.get({ owner: "mona", repo: "none" }).catch((error: unknown) => error)
  assert.strictEqual(missing instanceof RequestError && missing.status, 404)
  const invalid = await mona.rest.issues.create({ ...at, title: "x", milestone: 99 }).catch((error: unknown) => error)
  assert.strictEqual(invalid instanceof RequestError && invalid.status, 422)
  const hubot = new Octokit({ baseUrl, auth: hub.otherToken })
  const refused = await hubot.rest.issues
    .update({ ...at, issue_number: 2, state: "closed" })
    .catch((error: unknown) => error)
  assert.strictEqual(refused instanceof RequestError && refused.status, 403)
  await mona.rest.repos.update({ ...at, name: "beta" })
  assert.strictEqual((await hubot.rest.repos.get(at)).data.full_name, "mona/beta")
})

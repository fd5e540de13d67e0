import { assert, it } from "@effect/vitest"
import { openWorld, type World } from "./kit/world.ts"

const file = (text: string): string => Buffer.from(text).toString("base64")

/** A repository with a README and a branch `topic` that adds a file. */
const withTopic = async (world: World): Promise<void> => {
  await world.ask("POST", "/user/repos", { name: "alpha", auto_init: true })
  const main = await world.ask("GET", "/repos/mona/alpha/git/ref/heads/main")
  const made = await world.ask("POST", "/repos/mona/alpha/git/refs", {
    ref: "refs/heads/topic",
    sha: main.json.object.sha
  })
  assert.strictEqual(made.status, 201)
  const put = await world.ask("PUT", "/repos/mona/alpha/contents/src/new.txt", {
    message: "Add a file",
    content: file("one\ntwo\n"),
    branch: "topic"
  })
  assert.strictEqual(put.status, 201)
}

const opened = async (world: World, more: object = {}) =>
  world.ask("POST", "/repos/mona/alpha/pulls", { title: "Topic", head: "topic", base: "main", ...more })

it("files are read, written, and removed, and history tells", async () => {
  await using world = await openWorld()
  await withTopic(world)
  const read = await world.ask("GET", "/repos/mona/alpha/contents/src/new.txt?ref=topic")
  assert.strictEqual(Buffer.from(read.json.content, "base64").toString(), "one\ntwo\n")
  const stale = await world.ask("PUT", "/repos/mona/alpha/contents/src/new.txt", {
    message: "Change",
    content: file("three\n"),
    branch: "topic",
    sha: "0000000000000000000000000000000000000000"
  })
  assert.strictEqual(stale.status, 409)
  const gone = await world.ask("DELETE", "/repos/mona/alpha/contents/src/new.txt", {
    message: "Remove",
    branch: "topic",
    sha: read.json.sha
  })
  assert.strictEqual(gone.status, 200)
  const commits = await world.ask("GET", "/repos/mona/alpha/commits?sha=topic")
  assert.deepStrictEqual(
    commits.json.map((one: { commit: { message: string } }) => one.commit.message),
    ["Remove", "Add a file", "Initial commit"]
  )
  assert.strictEqual(commits.json[0].author.login, "mona")
  const one = await world.ask("GET", `/repos/mona/alpha/commits/${commits.json[1].sha}`)
  assert.deepStrictEqual(one.json.stats, { additions: 2, deletions: 0, total: 2 })
  assert.strictEqual(one.json.files[0].patch, "@@ -0,0 +1,2 @@\n+one\n+two")
  const compared = await world.ask("GET", "/repos/mona/alpha/compare/main...topic")
  assert.deepStrictEqual([compared.json.status, compared.json.ahead_by], ["ahead", 2])
  const tree = await world.ask("GET", "/repos/mona/alpha/git/trees/main?recursive=1")
  assert.deepStrictEqual(
    tree.json.tree.map((entry: { path: string }) => entry.path),
    ["README.md"]
  )
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/readme")).json.name, "README.md")
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/branches")).json.length, 2)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/branches/topic")).json.name, "topic")
})

it("a pull request is opened once, reviewed, and merged by its methods", async () => {
  await using world = await openWorld()
  const other = await world.person("hubot")
  await withTopic(world)
  await world.ask("POST", "/repos/mona/alpha/issues", { title: "Wanted" })
  const pull = await opened(world, { body: "Fixes #1" })
  assert.deepStrictEqual([pull.status, pull.json.number, pull.json.mergeable_state], [201, 2, "clean"])
  assert.deepStrictEqual([pull.json.commits, pull.json.additions, pull.json.changed_files], [1, 2, 1])
  const twice = await opened(world)
  assert.deepStrictEqual(
    [twice.status, twice.json.errors[0].message],
    [422, "A pull request already exists for mona:topic."]
  )
  const own = await world.ask("POST", "/repos/mona/alpha/pulls/2/reviews", { event: "APPROVE" })
  assert.deepStrictEqual([own.status, own.json.errors], [422, ["Can not approve your own pull request"]])
  const review = await world.ask(
    "POST",
    "/repos/mona/alpha/pulls/2/reviews",
    {
      event: "REQUEST_CHANGES",
      body: "No",
      comments: [{ path: "src/new.txt", line: 2, side: "RIGHT", body: "Why two?" }]
    },
    { token: other.token }
  )
  assert.deepStrictEqual([review.status, review.json.state], [200, "CHANGES_REQUESTED"])
  const comments = await world.ask("GET", "/repos/mona/alpha/pulls/2/comments")
  assert.deepStrictEqual([comments.json[0].path, comments.json[0].line], ["src/new.txt", 2])
  const reply = await world.ask("POST", `/repos/mona/alpha/pulls/2/comments/${comments.json[0].id}/replies`, {
    body: "Because"
  })
  assert.strictEqual(reply.json.in_reply_to_id, comments.json[0].id)
  const strange = await world.ask("PUT", "/repos/mona/alpha/pulls/2/merge", {}, { token: other.token })
  assert.strictEqual(strange.status, 403)
  const moved = await world.ask("PUT", "/repos/mona/alpha/pulls/2/merge", { sha: pull.json.base.sha })
  assert.strictEqual(moved.status, 409)
  const merged = await world.ask("PUT", "/repos/mona/alpha/pulls/2/merge", { merge_method: "squash" })
  assert.deepStrictEqual([merged.status, merged.json.merged], [200, true])
  const after = await world.ask("GET", "/repos/mona/alpha/pulls/2")
  assert.deepStrictEqual(
    [after.json.merged, after.json.state, after.json.merge_commit_sha],
    [true, "closed", merged.json.sha]
  )
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/pulls/2/merge")).status, 204)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/issues/1")).json.state, "closed")
  const head = await world.ask("GET", "/repos/mona/alpha/commits/main")
  assert.deepStrictEqual([head.json.sha, head.json.commit.message], [merged.json.sha, "Add a file (#2)"])
  assert.strictEqual((await world.ask("PUT", "/repos/mona/alpha/pulls/2/merge", {})).status, 405)
})

it("conflicts, drafts and pushes are seen by the pull request", async () => {
  await using world = await openWorld()
  await withTopic(world)
  const pull = await opened(world, { draft: true })
  assert.deepStrictEqual([pull.json.draft, pull.json.mergeable_state], [true, "draft"])
  assert.strictEqual((await world.ask("PUT", "/repos/mona/alpha/pulls/1/merge", {})).status, 405)
  const readme = await world.ask("GET", "/repos/mona/alpha/readme?ref=topic")
  for (const branch of ["main", "topic"]) {
    await world.ask("PUT", "/repos/mona/alpha/contents/README.md", {
      message: `README of ${branch}`,
      content: file(`${branch}\n`),
      branch,
      sha: readme.json.sha
    })
  }
  const conflicting = await world.ask("GET", "/repos/mona/alpha/pulls/1")
  assert.deepStrictEqual([conflicting.json.mergeable, conflicting.json.mergeable_state], [false, "dirty"])
  assert.notStrictEqual(conflicting.json.head.sha, pull.json.head.sha)
  assert.strictEqual((await world.ask("DELETE", "/repos/mona/alpha/git/refs/heads/topic")).status, 204)
  assert.strictEqual((await world.ask("GET", "/repos/mona/alpha/pulls/1")).json.state, "closed")
})

it("merge and rebase keep the commits that they should", async () => {
  await using world = await openWorld()
  for (const [number, method, message] of [
    [1, "merge", "Merge pull request #1 from mona/topic\n\nTopic"],
    [1, "rebase", "Add a file"]
  ] as const) {
    await withTopic(world)
    await world.ask("PUT", "/repos/mona/alpha/contents/other.txt", { message: "Other", content: file("x") })
    await opened(world)
    const merged = await world.ask("PUT", `/repos/mona/alpha/pulls/${number}/merge`, { merge_method: method })
    assert.strictEqual(merged.status, 200)
    const head = await world.ask("GET", "/repos/mona/alpha/commits/main")
    assert.deepStrictEqual([head.json.sha, head.json.commit.message], [merged.json.sha, message])
    assert.strictEqual(head.json.parents.length, method === "merge" ? 2 : 1)
    assert.strictEqual((await world.ask("DELETE", "/repos/mona/alpha")).status, 204)
  }
})

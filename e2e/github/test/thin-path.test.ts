import { assert, describe, it } from "vitest"
import { Octokit } from "octokit"
import { hasGh, openHub, sitDown } from "../src/index.ts"

describe.skipIf(!hasGh())("gh, git and Octokit", () => {
  it("a repository made by gh, pushed by git, with an issue by gh, is what Octokit lists", async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    assert.strictEqual(
      await mona.gh(["repo", "create", "alpha", "--public", "-d", "first"]),
      `https://${hub.host}/mona/alpha\n`
    )
    await mona.gh(["repo", "clone", "mona/alpha"])
    await mona.write("alpha/README.md", "# alpha\n")
    await mona.git(["add", "."], { in: "alpha" })
    await mona.git(["commit", "-qm", "first"], { in: "alpha" })
    await mona.git(["push", "-q", "-u", "origin", "HEAD"], { in: "alpha" })
    assert.strictEqual(
      await mona.gh(["issue", "create", "-t", "It breaks", "-b", "Badly", "-l", "bug"], { in: "alpha" }),
      `https://${hub.host}/mona/alpha/issues/1\n`
    )
    const octokit = new Octokit({ baseUrl: `http://127.0.0.1:${hub.started.httpPort}/api/v3`, auth: hub.token })
    const issues = await octokit.paginate(octokit.rest.issues.listForRepo, { owner: "mona", repo: "alpha" })
    assert.deepStrictEqual(
      issues.map((issue) => [issue.number, issue.title, issue.body, issue.user?.login]),
      [[1, "It breaks", "Badly", "mona"]]
    )
    const repository = await octokit.rest.repos.get({ owner: "mona", repo: "alpha" })
    assert.strictEqual(repository.data.default_branch, "main")
    const head = (await mona.git(["rev-parse", "HEAD"], { in: "alpha" })).trim()
    assert.strictEqual(
      (await mona.git(["ls-remote", `https://${hub.host}/mona/alpha`, "refs/heads/main"])).trim(),
      `${head}\trefs/heads/main`
    )
  })

  it("gh speaks through the unix socket to any host name", async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    await mona.gh(["config", "set", "http_unix_socket", hub.started.socket])
    await mona.gh(["repo", "create", "beta", "--private"])
    await mona.gh(["issue", "create", "-R", "mona/beta", "-t", "one", "-b", ""])
    assert.strictEqual(
      await mona.gh(["issue", "list", "-R", "mona/beta", "--json", "number,title,state,url"]),
      `[{"number":1,"state":"OPEN","title":"one","url":"https://${hub.host}/mona/beta/issues/1"}]\n`
    )
  })
})

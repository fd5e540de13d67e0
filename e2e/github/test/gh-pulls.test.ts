import { assert, describe, it } from "vitest"
import { cells, cloneNew, hasGh, openHub, pushBranch, sitDown } from "../src/index.ts"

const LIMIT = 300_000

describe.skipIf(!hasGh())("gh pr", () => {
  it("goes from a branch to a merge with a review, and closes what it says", { timeout: LIMIT }, async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    const hubot = await sitDown(hub, "hubot", hub.otherToken)
    await cloneNew(mona, "alpha")
    const at = { in: "alpha" }
    const gh = (...args: ReadonlyArray<string>): Promise<string> => mona.gh(args, at)
    const html = `https://${hub.host}/mona/alpha`
    await gh("issue", "create", "-t", "Wanted", "-b", "")
    await pushBranch(mona, "alpha", "topic", "more")
    assert.strictEqual(await gh("pr", "create", "-t", "Topic", "-b", "Fixes #1", "-d"), `${html}/pull/2\n`)
    assert.deepStrictEqual(
      cells(await gh("pr", "list")).map((row) => row.slice(0, 4)),
      [["2", "Topic", "topic", "DRAFT"]]
    )
    await gh("pr", "ready", "2")
    const view = async (fields: string): Promise<Record<string, unknown>> =>
      JSON.parse(await gh("pr", "view", "2", "--json", fields))
    assert.deepStrictEqual(
      await view(
        "number,title,state,isDraft,headRefName,baseRefName,mergeable,mergeStateStatus,additions,reviewDecision,url"
      ),
      {
        additions: 1,
        baseRefName: "main",
        headRefName: "topic",
        isDraft: false,
        mergeStateStatus: "CLEAN",
        mergeable: "MERGEABLE",
        number: 2,
        reviewDecision: "",
        state: "OPEN",
        title: "Topic",
        url: `${html}/pull/2`
      }
    )
    assert.include(await gh("pr", "diff", "2"), "+more\n")
    assert.strictEqual(await gh("pr", "diff", "2", "--name-only"), "README.md\n")
    const { sha }: { readonly sha: string } = JSON.parse(await gh("api", "repos/{owner}/{repo}/commits/topic"))
    await gh("api", `repos/{owner}/{repo}/statuses/${sha}`, "-f", "state=failure", "-f", "context=ci")
    const failing = await mona.tryGh(["pr", "checks", "2"], at)
    assert.deepStrictEqual([failing.code, cells(failing.stdout)[0]?.slice(0, 2)], [1, ["ci", "fail"]])
    await gh("api", `repos/{owner}/{repo}/statuses/${sha}`, "-f", "state=success", "-f", "context=ci")
    assert.deepStrictEqual(cells(await gh("pr", "checks", "2"))[0]?.slice(0, 2), ["ci", "pass"])
    assert.strictEqual(await gh("pr", "comment", "2", "-b", "Look"), `${html}/pull/2#issuecomment-1\n`)
    await gh("pr", "edit", "2", "-t", "Better", "--add-label", "bug", "--add-assignee", "mona")
    await hubot.gh(["pr", "review", "2", "-R", "mona/alpha", "-r", "-b", "No"])
    assert.strictEqual((await view("reviewDecision"))["reviewDecision"], "CHANGES_REQUESTED")
    await hubot.gh(["pr", "review", "2", "-R", "mona/alpha", "-a", "-b", "Yes"])
    assert.strictEqual((await view("reviewDecision"))["reviewDecision"], "APPROVED")
    const own = await mona.tryGh(["pr", "review", "2", "-a"], at)
    assert.include(own.stderr, "Can not approve your own pull request")
    await mona.git(["checkout", "-q", "main"], at)
    await mona.git(["branch", "-qD", "topic"], at)
    await gh("pr", "checkout", "2")
    assert.strictEqual(await mona.git(["log", "-1", "--format=%s"], at), "more\n")
    const strange = await hubot.tryGh(["pr", "merge", "2", "-R", "mona/alpha", "-m"])
    assert.strictEqual(strange.code, 1)
    await gh("pr", "close", "2")
    assert.strictEqual((await view("state"))["state"], "CLOSED")
    await gh("pr", "reopen", "2")
    await gh("pr", "merge", "2", "--squash", "--delete-branch")
    const after = await view("state,mergedBy,labels")
    assert.strictEqual(after["state"], "MERGED")
    assert.deepStrictEqual(
      cells(await gh("pr", "list", "-s", "merged")).map((row) => row.slice(0, 4)),
      [["2", "Better", "topic", "MERGED"]]
    )
    assert.strictEqual(await gh("issue", "view", "1", "--json", "state", "-q", ".state"), "CLOSED\n")
    await mona.git(["fetch", "-q", "--prune"], at)
    assert.strictEqual(await mona.git(["log", "-1", "--format=%s", "origin/main"], at), "more (#2)\n")
    assert.strictEqual((await mona.git(["branch", "-r"], at)).includes("topic"), false)
  })

  it("a fork's pull request conflicts, is mended by a push, and is merged by rebase", { timeout: LIMIT }, async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    const hubot = await sitDown(hub, "hubot", hub.otherToken)
    await cloneNew(mona, "alpha")
    await hubot.gh(["repo", "fork", "mona/alpha", "--clone=false"])
    await hubot.gh(["repo", "clone", "hubot/alpha"])
    await pushBranch(hubot, "alpha", "topic", "theirs")
    assert.strictEqual(
      await hubot.gh(["pr", "create", "-R", "mona/alpha", "-H", "hubot:topic", "-t", "Theirs", "-b", ""]),
      `https://${hub.host}/mona/alpha/pull/1\n`
    )
    await mona.write("alpha/README.md", "# alpha\nours\n")
    await mona.git(["commit", "-qam", "ours"], { in: "alpha" })
    await mona.git(["push", "-q"], { in: "alpha" })
    const state = (): Promise<string> =>
      mona.gh(["pr", "view", "1", "--json", "mergeable,isCrossRepository", "-q", "[.mergeable, .isCrossRepository]"], {
        in: "alpha"
      })
    assert.strictEqual(await state(), '["CONFLICTING",true]\n')
    const refused = await mona.tryGh(["pr", "merge", "1", "--rebase"], { in: "alpha" })
    assert.strictEqual(refused.code, 1)
    await hubot.git(["fetch", "-q", `https://${hub.host}/mona/alpha`, "main"], { in: "alpha" })
    await hubot.tryGit(["rebase", "-q", "FETCH_HEAD"], { in: "alpha" })
    await hubot.write("alpha/README.md", "# alpha\nours\ntheirs\n")
    await hubot.git(["add", "."], { in: "alpha" })
    await hubot.git(["-c", "core.editor=true", "rebase", "--continue"], { in: "alpha" })
    await hubot.git(["push", "-qf", "origin", "topic"], { in: "alpha" })
    assert.strictEqual(await state(), '["MERGEABLE",true]\n')
    await mona.gh(["pr", "merge", "1", "--rebase"], { in: "alpha" })
    assert.strictEqual(
      await mona.gh(["api", "repos/mona/alpha/commits", "-q", ".[].commit.message"]),
      "theirs\nours\nfirst\n"
    )
  })
})

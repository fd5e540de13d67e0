import { assert, describe, it } from "vitest"
import { cells, cloneNew, hasGh, openHub, sitDown } from "../src/index.ts"

const LIMIT = 300_000

describe.skipIf(!hasGh())("gh issue and label", () => {
  it("opens, lists, filters, talks about, changes and closes issues", { timeout: LIMIT }, async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    const hubot = await sitDown(hub, "hubot", hub.otherToken)
    await cloneNew(mona, "alpha")
    const at = { in: "alpha" }
    const html = `https://${hub.host}/mona/alpha`
    const gh = (...args: ReadonlyArray<string>): Promise<string> => mona.gh(args, at)

    assert.strictEqual(
      await gh("issue", "create", "-t", "Pump leaks", "-b", "Badly", "-l", "bug", "-a", "@me"),
      `${html}/issues/1\n`
    )
    assert.strictEqual(await gh("issue", "create", "-t", "Pump sings", "-b", "@hubot hears"), `${html}/issues/2\n`)
    assert.strictEqual(
      await hubot.gh(["issue", "create", "-R", "mona/alpha", "-t", "A wish", "-b", "Please"]),
      `${html}/issues/3\n`
    )
    const columns = async (...args: ReadonlyArray<string>) =>
      cells(await gh("issue", "list", ...args)).map((row) => row.slice(0, 4))
    assert.deepStrictEqual(await columns(), [
      ["3", "OPEN", "A wish", ""],
      ["2", "OPEN", "Pump sings", ""],
      ["1", "OPEN", "Pump leaks", "bug"]
    ])
    assert.deepStrictEqual(await columns("-l", "bug"), [["1", "OPEN", "Pump leaks", "bug"]])
    assert.deepStrictEqual(await columns("-a", "@me"), [["1", "OPEN", "Pump leaks", "bug"]])
    assert.deepStrictEqual(await columns("-A", "hubot"), [["3", "OPEN", "A wish", ""]])
    assert.deepStrictEqual(await columns("--mention", "hubot"), [["2", "OPEN", "Pump sings", ""]])
    assert.deepStrictEqual(await columns("-S", "pump -label:bug"), [["2", "OPEN", "Pump sings", ""]])
    assert.deepStrictEqual(await columns("-L", "1"), [["3", "OPEN", "A wish", ""]])
    const unknown = await mona.tryGh(["issue", "list", "-S", "colour:red"], at)
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, "unknown qualifier: colour")

    assert.strictEqual(
      await gh("issue", "view", "1"),
      "title:\tPump leaks\nstate:\tOPEN\nauthor:\tmona\nlabels:\tbug\ncomments:\t0\nassignees:\tmona\nprojects:\t\nmilestone:\t\nnumber:\t1\n--\nBadly\n"
    )
    assert.strictEqual(await gh("issue", "comment", "1", "-b", "Indeed"), `${html}/issues/1#issuecomment-1\n`)
    assert.strictEqual(
      await hubot.gh(["issue", "comment", "1", "-R", "mona/alpha", "-b", "Truly"]),
      `${html}/issues/1#issuecomment-2\n`
    )
    assert.strictEqual(
      await gh("issue", "view", "1", "--comments"),
      "author:\tmona\nassociation:\towner\nedited:\tfalse\nstatus:\tnone\n--\nIndeed\n--\nauthor:\thubot\nassociation:\tnone\nedited:\tfalse\nstatus:\tnone\n--\nTruly\n--\n"
    )
    assert.strictEqual(
      await gh("issue", "edit", "1", "-t", "Pump drips", "--add-label", "question", "--remove-label", "bug"),
      `${html}/issues/1\n`
    )
    assert.deepStrictEqual(JSON.parse(await gh("issue", "view", "1", "--json", "title,labels,assignees,state,url")), {
      assignees: [{ id: "U_kgDOAAAAAg", login: "mona", name: "Mona Lisa" }],
      labels: [
        {
          id: "LA_kgDOAAAACA",
          name: "question",
          description: "Further information is requested",
          color: "d876e3"
        }
      ],
      state: "OPEN",
      title: "Pump drips",
      url: `${html}/issues/1`
    })
    const strange = await hubot.tryGh(["issue", "edit", "1", "-R", "mona/alpha", "-t", "Mine"])
    assert.strictEqual(strange.code, 1)
    await gh("issue", "pin", "1")
    await gh("issue", "lock", "1", "-r", "too_heated")
    const locked = await hubot.tryGh(["issue", "comment", "1", "-R", "mona/alpha", "-b", "More"])
    assert.include(locked.stderr, "issue is locked")
    await gh("issue", "unlock", "1")
    await gh("issue", "unpin", "1")
    await gh("issue", "close", "1", "-r", "not planned", "-c", "Enough")
    assert.deepStrictEqual(
      JSON.parse(await gh("issue", "view", "1", "--json", "state,comments", "-q", "[.state, (.comments | length)]")),
      ["CLOSED", 3]
    )
    assert.deepStrictEqual(await columns("-s", "closed"), [["1", "CLOSED", "Pump drips", "question"]])
    await gh("issue", "reopen", "1")
    assert.strictEqual((await columns("-s", "all")).length, 3)
    assert.include(await gh("issue", "status"), "  1\tOPEN\tPump drips\tquestion\t")
    await gh("issue", "delete", "3", "--confirm")
    assert.strictEqual((await mona.tryGh(["issue", "view", "3"], at)).code, 1)
  })

  it("labels are made, changed, cloned and removed", { timeout: LIMIT }, async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    await mona.gh(["repo", "create", "alpha", "--public"])
    await mona.gh(["repo", "create", "beta", "--public"])
    const names = async (repository: string) =>
      cells(await mona.gh(["label", "list", "-R", repository])).map(([name, description, color]) => [
        name,
        description,
        color
      ])
    assert.strictEqual((await names("mona/alpha")).length, 9)
    await mona.gh(["label", "create", "urgent", "-R", "mona/alpha", "-c", "ff0000", "-d", "Now"])
    assert.deepStrictEqual((await names("mona/alpha")).at(-1), ["urgent", "Now", "#ff0000"])
    const twice = await mona.tryGh(["label", "create", "Urgent", "-R", "mona/alpha"])
    assert.strictEqual(twice.code, 1)
    assert.include(twice.stderr, "already exists")
    await mona.gh(["label", "edit", "urgent", "-R", "mona/alpha", "-n", "later", "-c", "00ff00"])
    assert.deepStrictEqual((await names("mona/alpha")).at(-1), ["later", "Now", "#00ff00"])
    await mona.gh(["label", "clone", "mona/alpha", "-R", "mona/beta"])
    assert.strictEqual((await names("mona/beta")).length, 10)
    await mona.gh(["label", "delete", "later", "-R", "mona/beta", "--confirm"])
    assert.strictEqual((await names("mona/beta")).length, 9)
  })
})

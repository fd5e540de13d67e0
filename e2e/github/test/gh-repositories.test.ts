import { assert, describe, it } from "vitest"
import { cells, cloneNew, hasGh, openHub, sitDown } from "../src/index.ts"

const LIMIT = 300_000

describe.skipIf(!hasGh())("gh repo, release, gist, secret, ssh-key, search, api", () => {
  it("repositories are made, changed, renamed, forked, synced and removed", { timeout: LIMIT }, async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    const hubot = await sitDown(hub, "hubot", hub.otherToken)
    await cloneNew(mona, "alpha", ["--public", "-d", "first"])
    const at = { in: "alpha" }
    assert.strictEqual(await mona.gh(["repo", "view"], at), "name:\tmona/alpha\ndescription:\tfirst\n--\n# alpha\n\n")
    await mona.gh(
      ["repo", "edit", "--description", "second", "--homepage", "https://example.com", "--add-topic", "tools"],
      at
    )
    const view = await mona.gh(["repo", "view", "--json", "description,homepageUrl,repositoryTopics,isPrivate"], at)
    assert.deepStrictEqual(JSON.parse(view), {
      description: "second",
      homepageUrl: "https://example.com",
      isPrivate: false,
      repositoryTopics: [{ name: "tools" }]
    })
    await hubot.gh(["repo", "fork", "mona/alpha", "--clone=false"])
    await mona.write("alpha/next.txt", "next\n")
    await mona.git(["add", "."], at)
    await mona.git(["commit", "-qm", "next"], at)
    await mona.git(["push", "-q"], at)
    await hubot.gh(["repo", "sync", "hubot/alpha"])
    assert.strictEqual(await hubot.gh(["api", "repos/hubot/alpha/commits/main", "-q", ".commit.message"]), "next\n")
    await mona.gh(["repo", "create", "hidden", "--private"])
    assert.deepStrictEqual(
      cells(await mona.gh(["repo", "list"])).map((row) => [row[0], row[2]]),
      [
        ["mona/hidden", "private"],
        ["mona/alpha", "public"]
      ]
    )
    assert.strictEqual((await hubot.tryGh(["repo", "view", "mona/hidden"])).code, 1)
    assert.strictEqual((await hubot.tryGit(["ls-remote", `https://${hub.host}/mona/hidden`])).code, 128)
    assert.strictEqual((await hubot.tryGit(["push", `https://${hub.host}/mona/alpha`, "HEAD"])).code, 128)
    await mona.gh(["api", "-X", "PATCH", "repos/mona/alpha", "-f", "name=omega"])
    await mona.git(["fetch", "-q"], at)
    assert.strictEqual(await mona.gh(["api", "repos/mona/alpha", "-q", ".full_name"]), "mona/omega\n")
    await mona.gh(["repo", "archive", "mona/omega", "-y"])
    const readOnly = await mona.tryGit(["push", `https://${hub.host}/mona/omega`, "HEAD:refs/heads/x"], at)
    assert.strictEqual(readOnly.code, 128)
    assert.strictEqual(await mona.gh(["browse", "-n", "-R", "mona/omega"]), `https://${hub.host}/mona/omega\n`)
    const weak = await mona.tryGh(["repo", "delete", "mona/hidden", "--confirm"])
    assert.include(weak.stderr, "HTTP 403")
  })

  it("releases carry files", { timeout: LIMIT }, async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    await cloneNew(mona, "alpha")
    const at = { in: "alpha" }
    await mona.write("alpha/data.bin", "0123456789")
    const url = `https://${hub.host}/mona/alpha/releases/tag/v1`
    assert.strictEqual(
      await mona.gh(["release", "create", "v1", "data.bin", "-t", "One", "-n", "Notes"], at),
      `${url}\n`
    )
    const [row] = cells(await mona.gh(["release", "list"], at))
    assert.deepStrictEqual(row?.slice(0, 3), ["One", "Latest", "v1"])
    const view = JSON.parse(await mona.gh(["release", "view", "v1", "--json", "name,tagName,isDraft,body,url"], at))
    assert.deepStrictEqual(view, { body: "Notes", isDraft: false, name: "One", tagName: "v1", url })
    await mona.gh(["release", "download", "v1", "-D", "down"], at)
    assert.strictEqual(
      await mona.git(["hash-object", "down/data.bin"], at),
      await mona.git(["hash-object", "data.bin"], at)
    )
    await mona.gh(["release", "upload", "v1", "README.md"], at)
    await mona.gh(["release", "delete-asset", "v1", "data.bin", "-y"], at)
    assert.strictEqual(
      await mona.gh(["release", "view", "v1", "--json", "assets", "-q", ".assets[].name"], at),
      "README.md\n"
    )
    await mona.gh(["release", "edit", "v1", "-t", "Uno", "--prerelease"], at)
    assert.deepStrictEqual(cells(await mona.gh(["release", "list"], at))[0]?.slice(0, 3), ["Uno", "Pre-release", "v1"])
    await mona.gh(["release", "delete", "v1", "-y", "--cleanup-tag"], at)
    assert.strictEqual(await mona.gh(["release", "list"], at), "")
    assert.strictEqual(await mona.git(["ls-remote", "--tags", "origin"], at), "")
  })

  it("gists, secrets, keys, search and raw calls", { timeout: LIMIT }, async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    await cloneNew(mona, "alpha", ["--public", "-d", "the pump"])
    const at = { in: "alpha" }
    await mona.write("notes.txt", "remember\n")
    const made = await mona.gh(["gist", "create", "notes.txt", "-d", "Notes"])
    const id = made.trim().split("/").at(-1) ?? ""
    const [gist] = cells(await mona.gh(["gist", "list"]))
    assert.deepStrictEqual(gist?.slice(0, 4), [id, "Notes", "1 file", "secret"])
    assert.strictEqual(await mona.gh(["gist", "view", id, "-r"]), "Notes\n\nremember\n")
    await mona.write("more.txt", "more\n")
    await mona.gh(["gist", "edit", id, "-a", "more.txt"])
    assert.strictEqual(await mona.gh(["gist", "view", id, "--files"]), "more.txt\nnotes.txt\n")
    await mona.gh(["gist", "delete", id])
    assert.strictEqual(await mona.gh(["gist", "list"]), "")
    await mona.gh(["secret", "set", "TOKEN", "-b", "s3cret"], at)
    await mona.gh(["secret", "set", "OTHER", "-b", "s3cret"], at)
    assert.deepStrictEqual(
      cells(await mona.gh(["secret", "list"], at)).map((row) => row[0]),
      ["TOKEN", "OTHER"]
    )
    await mona.gh(["secret", "delete", "TOKEN"], at)
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICZlzD9FZs48UEK2sGpN8CTNBAunkV263wViNEc8eu7J"
    await mona.write("key.pub", `${key} mona\n`)
    await mona.gh(["ssh-key", "add", "key.pub", "-t", "laptop"])
    assert.deepStrictEqual(cells(await mona.gh(["ssh-key", "list"]))[0]?.slice(0, 2), ["laptop", key])
    await mona.gh(["repo", "deploy-key", "add", "../key.pub", "-t", "robot"], at)
    assert.deepStrictEqual(cells(await mona.gh(["repo", "deploy-key", "list"], at))[0]?.slice(1, 3), [
      "robot",
      "read-only"
    ])
    await mona.gh(["issue", "create", "-t", "Pump leaks", "-b", ""], at)
    assert.deepStrictEqual(
      cells(await mona.gh(["search", "issues", "pump"])).map((row) => row.slice(0, 4)),
      [["mona/alpha", "1", "open", "Pump leaks"]]
    )
    assert.strictEqual(await mona.gh(["search", "prs", "pump"]), "")
    assert.deepStrictEqual(cells(await mona.gh(["search", "repos", "pump"]))[0]?.slice(0, 3), [
      "mona/alpha",
      "the pump",
      "public"
    ])
    assert.strictEqual(
      await mona.gh(["api", "graphql", "-f", "query={viewer{login}}", "-q", ".data.viewer.login"]),
      "mona\n"
    )
    for (const name of ["b", "c", "d"]) await mona.gh(["repo", "create", name, "--public"])
    assert.strictEqual(
      await mona.gh(["api", "--paginate", "user/repos?per_page=1&sort=full_name", "-q", ".[].name"]),
      "alpha\nb\nc\nd\n"
    )
    const missing = await mona.tryGh(["api", "repos/mona/none"])
    assert.deepStrictEqual([missing.code, missing.stderr], [1, "gh: Not Found (HTTP 404)\n"])
    const later = await mona.tryGh(["api", "-i", "repos/mona/alpha/traffic/clones"])
    assert.match(later.stdout, /X-Bleephub-Unimplemented: repos\/get-clones/i)
  })
})

import { assert, it } from "vitest"
import { openHub, sitDown } from "../src/index.ts"

const LIMIT = 300_000

it(
  "git clones whole, shallow and partial, pushes all or nothing, and is refused where it must be",
  { timeout: LIMIT },
  async () => {
    await using hub = await openHub()
    const mona = await sitDown(hub, "mona", hub.token)
    const hubot = await sitDown(hub, "hubot", hub.otherToken)
    const base = `http://127.0.0.1:${hub.started.httpPort}`
    const url = `${base}/mona/alpha.git`
    const api = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${base}/api/v3${path}`, {
        method,
        headers: { authorization: `Bearer ${hub.token}` },
        ...(body !== undefined && { body: JSON.stringify(body) })
      })
      return response.status
    }
    assert.strictEqual(await api("POST", "/user/repos", { name: "alpha" }), 201)
    await mona.git(["clone", "-q", url])
    const at = { in: "alpha" }
    for (let n = 1; n <= 5; n++) {
      await mona.write(`alpha/file-${n}.txt`, `${n}\n`)
      await mona.git(["add", "."], at)
      await mona.git(["commit", "-qm", `commit ${n}`], at)
    }
    await mona.git(["tag", "-a", "v1", "-m", "One"], at)
    await mona.git(["push", "-q", "origin", "HEAD", "v1"], at)
    const head = (await mona.git(["rev-parse", "HEAD"], at)).trim()

    await hubot.git(["clone", "-q", url, "whole"])
    assert.strictEqual(await hubot.git(["rev-list", "--count", "HEAD"], { in: "whole" }), "5\n")
    await hubot.git(["clone", "-q", "--depth", "1", url, "shallow"])
    assert.strictEqual(await hubot.git(["rev-list", "--count", "HEAD"], { in: "shallow" }), "1\n")
    await hubot.git(["fetch", "-q", "--unshallow"], { in: "shallow" })
    assert.strictEqual(await hubot.git(["rev-list", "--count", "HEAD"], { in: "shallow" }), "5\n")
    await hubot.git(["clone", "-q", "--filter=blob:none", "--no-checkout", url, "partial"])
    const absent = await hubot.git(["rev-list", "--objects", "--missing=print", "HEAD"], { in: "partial" })
    assert.strictEqual(absent.split("\n").filter((line) => line.startsWith("?")).length, 5)
    await hubot.git(["init", "-q", "single"])
    await hubot.git(["fetch", "-q", url, head], { in: "single" })
    assert.strictEqual(await hubot.git(["rev-parse", "FETCH_HEAD"], { in: "single" }), `${head}\n`)

    await mona.git(["push", "-q", "--atomic", "-o", "ci.skip", "origin", "HEAD:refs/heads/a", "HEAD:refs/heads/b"], at)
    const remoteRefs = async () =>
      (await mona.git(["ls-remote", "--heads", "origin"], at))
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split("\t")[1])
    assert.deepStrictEqual(await remoteRefs(), ["refs/heads/a", "refs/heads/b", "refs/heads/main"])
    const rule = {
      required_status_checks: null,
      enforce_admins: true,
      required_pull_request_reviews: null,
      restrictions: null
    }
    assert.strictEqual(await api("PUT", "/repos/mona/alpha/branches/main/protection", rule), 200)
    await mona.git(["commit", "-q", "--amend", "-m", "rewritten"], at)
    const forced = await mona.tryGit(["push", "-f", "origin", "HEAD:main"], at)
    assert.strictEqual(forced.code, 1)
    const deleted = await mona.tryGit(["push", "origin", ":main", ":a"], at)
    assert.strictEqual(deleted.code, 1)
    assert.include(deleted.stderr, "Cannot delete this protected branch")
    const hidden = await mona.tryGit(["push", "origin", "HEAD:refs/pull/1/head"], at)
    assert.include(hidden.stderr, "deny updating a hidden ref")
    assert.deepStrictEqual(await remoteRefs(), ["refs/heads/a", "refs/heads/b", "refs/heads/main"])
    assert.include(await mona.git(["ls-remote", "origin", "main"], at), head)

    const stranger = await hubot.tryGit(["push", url, "HEAD:refs/heads/mine"], { in: "whole" })
    assert.deepStrictEqual([stranger.code, stranger.stderr.includes("403")], [128, true])
    assert.strictEqual(await api("PATCH", "/repos/mona/alpha", { private: true }), 200)
    const gone = await hubot.tryGit(["ls-remote", url])
    assert.deepStrictEqual([gone.code, gone.stderr.includes("not found")], [128, true])
    assert.strictEqual(await api("PATCH", "/repos/mona/alpha", { name: "beta" }), 200)
    assert.include(await mona.git(["ls-remote", "origin", "main"], at), head)
  }
)

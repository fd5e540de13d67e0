import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it, vi } from "vitest"
import { main } from "../src/cli/main.ts"
import { startServer } from "../src/index.ts"

const LIMIT = 180_000
const WORKER = new URL("../../../packages/store/src/worker.ts", import.meta.url)

/** Runs one command line and returns its exit code and what it printed. */
const run = async (...args: ReadonlyArray<string>) => {
  const out: Array<string> = []
  const err: Array<string> = []
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => out.push(String(text)) > 0)
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => err.push(String(text)) > 0)
  try {
    return { code: await main(args, WORKER), out: out.join(""), err: err.join("") }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
  }
}

const SEED = `
users: [{ login: mona, name: Mona Lisa }, { login: hubot }]
tokens: [{ user: mona, token: ghp_mona }]
orgs: [{ login: acme, owners: [mona], members: [hubot] }]
repos:
  - name: acme/tools
    init: true
    issues: [{ title: First, labels: [bug] }]
`

it("sets up a running server, which has everything again after it was closed", { timeout: LIMIT }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "bleephub-cli-"))
  const state = join(folder, "state")
  const address = { host: "127.0.0.1", port: 0 }
  try {
    const early = await run("user", "add", "mona", "--state", state)
    assert.deepStrictEqual([early.code, early.err], [3, `bleephub: no bleephub has been started on ${state}\n`])
    assert.strictEqual((await run("dance")).code, 2)
    const first = await startServer({ state, http: address, https: address })
    const file = join(folder, "seed.yml")
    await writeFile(file, SEED)
    const seeded = await run("seed", file, "--state", state)
    assert.deepStrictEqual(
      [seeded.code, seeded.out],
      [0, "user mona\nuser hubot\norg acme\nghp_mona\nrepo acme/tools\n"]
    )
    assert.strictEqual((await run("user", "add", "lisa", "--state", state)).out, "user lisa\n")
    const token = (await run("token", "add", "lisa", "--scopes", "repo", "--state", state)).out.trim()
    assert.match(token, /^ghp_[A-Za-z0-9]{36}$/)
    assert.strictEqual((await run("repo", "add", "lisa/own", "--private", "--state", state)).out, "repo lisa/own\n")
    assert.strictEqual((await run("token", "add", "nobody", "--state", state)).code, 1)
    assert.strictEqual((await stat(join(state, "admin-token"))).mode & 0o777, 0o600)
    await first.close()
    const second = await startServer({ state, http: address, https: address })
    assert.strictEqual((await readFile(join(state, "admin-token"), "utf8")).trim(), second.adminToken)
    const ask = async (path: string, bearer: string) => {
      const response = await fetch(`http://127.0.0.1:${second.httpPort}/api/v3${path}`, {
        headers: { authorization: `Bearer ${bearer}` }
      })
      const json: ReturnType<typeof JSON.parse> = await response.json()
      return json
    }
    const issues = await ask("/repos/acme/tools/issues", "ghp_mona")
    assert.deepStrictEqual(
      issues.map((one: { title: string }) => one.title),
      ["First"]
    )
    assert.strictEqual((await ask("/repos/lisa/own", token)).private, true)
    assert.strictEqual((await ask("/user", second.adminToken)).login, "admin")
    await second.close()
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
})

import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "vitest"
import { command, startVictim, type Victim } from "../src/index.ts"

const KILLS = 6
/** A life ends after this many acknowledged writes and up to as many more. */
const LIFE_WRITES = 12
const LIFE_LIMIT_MILLIS = 60_000

/** What the server has acknowledged, and so must never forget. */
interface Acknowledged {
  readonly issues: Map<number, string>
  readonly comments: Map<number, string>
  readonly refs: Map<string, string>
}

const ask = async (victim: Victim, method: string, path: string, body?: object) => {
  const response = await fetch(`${victim.url}/api/v3${path}`, {
    method,
    headers: { authorization: `Bearer ${victim.token}` },
    ...(body !== undefined && { body: JSON.stringify(body) })
  })
  return { status: response.status, json: JSON.parse((await response.text()) || "null") }
}

const graphql = async (victim: Victim, query: string, variables: object) => {
  const response = await fetch(`${victim.url}/api/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${victim.token}` },
    body: JSON.stringify({ query, variables })
  })
  return JSON.parse(await response.text())
}

const COMMENT =
  "mutation($id: ID!, $body: String!) { addComment(input: {subjectId: $id, body: $body}) { commentEdge { node { databaseId } } } }"

/** Repeats `act` until the server dies under it; what fails was not acknowledged. */
const untilDeath = async (act: (turn: number) => Promise<void>): Promise<void> => {
  for (let turn = 0; ; turn++) {
    try {
      await act(turn)
    } catch {
      return
    }
  }
}

const sizeOf = (known: Acknowledged): number => known.issues.size + known.comments.size + known.refs.size

/** Waits for so many more acknowledged writes, of every kind at least one in all. */
const grown = async (known: Acknowledged, writes: number): Promise<void> => {
  const wanted = sizeOf(known) + writes
  const end = performance.now() + LIFE_LIMIT_MILLIS
  const enough = (): boolean =>
    sizeOf(known) >= wanted && known.issues.size > 0 && known.comments.size > 0 && known.refs.size > 0
  while (!enough() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5))
}

const gitEnvironment = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  HOME: home,
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Mona",
  GIT_AUTHOR_EMAIL: "mona@example.com",
  GIT_COMMITTER_NAME: "Mona",
  GIT_COMMITTER_EMAIL: "mona@example.com"
})

it("no acknowledged write is lost by SIGKILL, and rows and refs agree", { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "bleephub-kill-"))
  const work = join(folder, "work")
  const git = (args: ReadonlyArray<string>, cwd = work) => command("git", args, { cwd, env: gitEnvironment(folder) })
  const known: Acknowledged = { issues: new Map(), comments: new Map(), refs: new Map() }
  let victim = await startVictim(join(folder, "state"))
  try {
    assert.strictEqual((await ask(victim, "POST", "/user/repos", { name: "alpha" })).status, 201)
    const first = await ask(victim, "POST", "/repos/admin/alpha/issues", { title: "first" })
    await git(["init", "-q", "-b", "main", work], folder)
    for (let life = 0; life < KILLS; life++) {
      const now = victim
      const remote = `${now.url.replace("//", `//x:${now.token}@`)}/admin/alpha.git`
      const traffic = [
        untilDeath(async (turn) => {
          const title = `issue ${life}.${turn}`
          const made = await ask(now, "POST", "/repos/admin/alpha/issues", { title })
          known.issues.set(made.json.number, title)
        }),
        untilDeath(async (turn) => {
          const body = `comment ${life}.${turn}`
          const made = await graphql(now, COMMENT, { id: first.json.node_id, body })
          known.comments.set(made.data.addComment.commentEdge.node.databaseId, body)
        }),
        untilDeath(async (turn) => {
          await git(["commit", "-q", "--allow-empty", "-m", `commit ${life}.${turn}`])
          const sha = (await git(["rev-parse", "HEAD"])).stdout.trim()
          const ref = `refs/heads/b${life}-${turn}`
          const pushed = await git(["push", "-q", remote, `${sha}:${ref}`])
          if (pushed.code !== 0) throw new Error(pushed.stderr)
          known.refs.set(ref, sha)
        })
      ]
      await grown(known, LIFE_WRITES * (1 + Math.random()))
      await now.kill()
      await Promise.all(traffic)
      victim = await startVictim(join(folder, "state"))
    }
    assert.isAbove(Math.min(known.issues.size, known.comments.size, known.refs.size), 0)
    for (const [number, title] of known.issues) {
      const read = await ask(victim, "GET", `/repos/admin/alpha/issues/${number}`)
      assert.deepStrictEqual([read.status, read.json.title], [200, title])
    }
    for (const [id, body] of known.comments) {
      const read = await ask(victim, "GET", `/repos/admin/alpha/issues/comments/${id}`)
      assert.deepStrictEqual([read.status, read.json.body], [200, body])
    }
    const remote = `${victim.url.replace("//", `//x:${victim.token}@`)}/admin/alpha.git`
    const listed = new Map(
      (await git(["ls-remote", remote])).stdout.split("\n").map((line) => {
        const [sha = "", ref = ""] = line.split("\t")
        return [ref, sha]
      })
    )
    for (const [ref, sha] of known.refs) assert.strictEqual(listed.get(ref), sha, ref)
    assert.strictEqual((await git(["fsck", "--strict"], join(folder, "state/repositories/1.git"))).code, 0)
    const numbers: Array<number> = []
    for (let page = 1; ; page++) {
      const issues = await ask(victim, "GET", `/repos/admin/alpha/issues?state=all&per_page=100&page=${page}`)
      if (issues.json.length === 0) break
      numbers.push(...issues.json.map((issue: { number: number }) => issue.number))
    }
    assert.strictEqual(new Set(numbers).size, numbers.length)
    assert.deepStrictEqual(
      numbers.toSorted((a, b) => a - b),
      Array.from({ length: numbers.length }, (_, at) => at + 1)
    )
  } finally {
    await victim.kill()
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
})

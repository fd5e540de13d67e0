import { mkdtemp, mkdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { createAccount, createIssue, createRepository, createToken, type Hub, openHub } from "@sockerless/bleephub-core"
import { viewerOfToken } from "@sockerless/bleephub-core"
import { storeMemory } from "@sockerless/store"
import { Effect } from "effect"
import { graphqlApp } from "../src/index.ts"

const LIMIT = 180_000

interface World extends AsyncDisposable {
  readonly hub: Hub
  /** Asks as the holder of a token and returns GitHub's envelope. */
  readonly ask: (token: string, query: string, variables?: object) => Promise<ReturnType<typeof JSON.parse>>
}

const urls = { api: "https://hub.test/api/v3", html: "https://hub.test" }

/** A hub with mona's public and secret repositories, each with an issue, and hubot who owns nothing. */
const openWorld = async (): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), "bleephub-graphql-"))
  const repositoriesFolder = join(folder, "repositories")
  await mkdir(repositoriesFolder)
  const hub = await Effect.runPromise(openHub({ repositoriesFolder }).pipe(Effect.provide(storeMemory), Effect.scoped))
  await hub.change(() => {
    for (const login of ["mona", "hubot"]) {
      createToken(hub, { account: createAccount(hub, { login }), scopes: ["repo"], note: "", text: `ghp_${login}` })
    }
  })
  const mona = viewerOfToken(hub, "ghp_mona")
  if (mona.account === null) throw new Error("mona is nobody")
  for (const [name, visibility] of [
    ["open", "public"],
    ["secret", "private"]
  ] as const) {
    const repository = await createRepository(hub, mona, mona.account, { name, visibility })
    for (const title of ["one", "two", "three"]) {
      await hub.change(() => createIssue(hub, mona, repository, { title, labels: ["bug"] }))
    }
  }
  const defects: Array<unknown> = []
  const app = graphqlApp({ hub, urlsOf: () => urls, defect: (error) => defects.push(error) })
  return {
    hub,
    ask: async (token, query, variables = {}) => {
      const response = await app.request(
        "/api/graphql",
        {
          method: "POST",
          headers: { authorization: `Bearer ${token}` },
          body: JSON.stringify({ query, variables })
        },
        { scheme: "https" }
      )
      return response.json()
    },
    [Symbol.asyncDispose]: async () => {
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
      if (defects.length > 0) throw defects[0]
    }
  }
}

it("pages follow cursors, and lists that are only counted need none", { timeout: LIMIT }, async () => {
  await using world = await openWorld()
  const query = `query($after: String) { repository(owner: "mona", name: "open") { issues(first: 2, after: $after) {
    totalCount nodes { number title labels(first: 1) { nodes { name } } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`
  const first = (await world.ask("ghp_mona", query)).data.repository.issues
  assert.deepStrictEqual(
    [first.totalCount, first.nodes.map((one: { number: number }) => one.number), first.pageInfo.hasNextPage],
    [3, [1, 2], true]
  )
  assert.deepStrictEqual(first.nodes[0].labels.nodes, [{ name: "bug" }])
  const rest = (await world.ask("ghp_mona", query, { after: first.pageInfo.endCursor })).data.repository.issues
  assert.deepStrictEqual(
    [rest.nodes[0].number, rest.pageInfo.hasNextPage, rest.pageInfo.hasPreviousPage],
    [3, false, true]
  )
  const counted = await world.ask("ghp_mona", `{ repository(owner: "mona", name: "open") { issues { totalCount } } }`)
  assert.deepStrictEqual(counted.data, { repository: { issues: { totalCount: 3 } } })
  const unbounded = await world.ask(
    "ghp_mona",
    `{ repository(owner: "mona", name: "open") { issues { nodes { id } } } }`
  )
  assert.strictEqual(unbounded.errors[0].type, "MISSING_PAGINATION_BOUNDARIES")
  const excessive = await world.ask(
    "ghp_mona",
    `{ repository(owner: "mona", name: "open") { issues(first: 101) { nodes { id } } } }`
  )
  assert.strictEqual(excessive.errors[0].type, "EXCESSIVE_PAGINATION")
  const huge = await world.ask(
    "ghp_mona",
    `{ viewer { repositories(first: 100) { nodes { issues(first: 100) { nodes { comments(first: 100) { nodes { id } } } } } } } }`
  )
  assert.strictEqual(huge.errors[0].type, "MAX_NODE_LIMIT_EXCEEDED")
})

it("what REST hides GraphQL hides, by name, by id and by mutation", { timeout: LIMIT }, async () => {
  await using world = await openWorld()
  const named = `{ repository(owner: "mona", name: "secret") { id issue(number: 1) { id } } }`
  const seen = (await world.ask("ghp_mona", named)).data.repository
  const hidden = await world.ask("ghp_hubot", named)
  assert.deepStrictEqual(
    [hidden.data.repository, hidden.errors[0].type, hidden.errors[0].message],
    [null, "NOT_FOUND", "Could not resolve to a Repository with the name 'mona/secret'."]
  )
  for (const id of [seen.id, seen.issue.id]) {
    const byId = await world.ask("ghp_hubot", "query($id: ID!) { node(id: $id) { id } }", { id })
    assert.deepStrictEqual([byId.data.node, byId.errors[0].type], [null, "NOT_FOUND"])
  }
  const comment = 'mutation($id: ID!) { addComment(input: {subjectId: $id, body: "hi"}) { clientMutationId } }'
  assert.strictEqual((await world.ask("ghp_hubot", comment, { id: seen.issue.id })).errors[0].type, "NOT_FOUND")
  const open = (await world.ask("ghp_hubot", `{ repository(owner: "mona", name: "open") { issue(number: 1) { id } } }`))
    .data
  const close = "mutation($id: ID!) { closeIssue(input: {issueId: $id}) { issue { state } } }"
  const refused = await world.ask("ghp_hubot", close, { id: open.repository.issue.id })
  assert.strictEqual(refused.errors[0].type, "FORBIDDEN")
  const allowed = await world.ask("ghp_mona", close, { id: open.repository.issue.id })
  assert.strictEqual(allowed.data.closeIssue.issue.state, "CLOSED")
  const found = await world.ask("ghp_hubot", `{ search(type: ISSUE, query: "one", first: 10) { issueCount } }`)
  assert.strictEqual(found.data.search.issueCount, 1)
})

it("introspection tells GitHub's truth, and what is not served says so", { timeout: LIMIT }, async () => {
  await using world = await openWorld()
  const type = await world.ask(
    "ghp_mona",
    `{ __type(name: "PullRequest") { fields(includeDeprecated: true) { name } } }`
  )
  const fields: ReadonlyArray<{ readonly name: string }> = type.data["__type"].fields
  assert.includeMembers(
    fields.map((field) => field.name),
    ["isDraft", "statusCheckRollup", "mergeStateStatus"]
  )
  const later = await world.ask("ghp_mona", "{ marketplaceListings(first: 1) { totalCount } }")
  assert.deepStrictEqual(
    [later.errors[0].type, later.errors[0].message],
    ["NOT_IMPLEMENTED", "bleephub does not resolve Query.marketplaceListings"]
  )
  const wrong = await world.ask("ghp_mona", "{ viewer { nothing } }")
  assert.include(wrong.errors[0].message, 'Cannot query field "nothing" on type "User"')
})

import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import {
  createStorage,
  readRef,
  repositoryPath,
  updateRefs,
  writeCommit,
  writeTree,
  ZERO
} from "@sockerless/bleephub-git"
import { Store, type Write } from "@sockerless/store"
import { Effect, Layer } from "effect"
import { beginRefs, createAccount, insertRepository, openHub, recoverRepositories } from "../src/index.ts"

const LIMIT = 120_000

/** A store that keeps what it was given, as a disk does for the next start, and can be told to fail. */
const keptStore = () => {
  const records = new Map<string, Map<string, Extract<Write, { readonly op: "put" }>["value"]>>()
  const state = { full: false, commits: 0 }
  const layer = Layer.succeed(
    Store,
    Store.of({
      commit: (writes) =>
        Effect.sync(() => {
          if (state.full) throw new Error("the disk is full")
          state.commits += 1
          for (const write of writes) {
            if (write.op === "append") continue
            const collection = records.get(write.collection) ?? new Map()
            records.set(write.collection, collection)
            if (write.op === "put") collection.set(write.key, structuredClone(write.value))
            else collection.delete(write.key)
          }
        }),
      all: (collection) =>
        Effect.sync(() =>
          [...(records.get(collection) ?? [])]
            .map(([key, value]) => ({ key, value }))
            .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        ),
      tail: () => Effect.succeed([]),
      trim: () => Effect.void
    })
  )
  return { layer, state }
}

const openWorld = async () => {
  const folder = await mkdtemp(join(tmpdir(), "bleephub-core-"))
  await mkdir(join(folder, "repositories"))
  const kept = keptStore()
  const start = () =>
    Effect.runPromise(openHub({ repositoriesFolder: join(folder, "repositories") }).pipe(Effect.provide(kept.layer)))
  return {
    ...kept,
    start,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

it("a change that throws leaves nothing, and one that does not is one commit", async () => {
  await using world = await openWorld()
  const hub = await world.start()
  const failed = await hub
    .change(() => {
      createAccount(hub, { login: "mona" })
      createAccount(hub, { login: "MONA" })
    })
    .catch((fault: unknown) => fault)
  assert.strictEqual(failed instanceof Error && failed.message, "Validation Failed")
  assert.strictEqual(hub.tables.accounts.size, 0)
  assert.strictEqual(world.state.commits, 0)
  const mona = await hub.change(() => {
    const account = createAccount(hub, { login: "mona" })
    insertRepository(hub, account, account, { name: "alpha" })
    return account
  })
  assert.strictEqual(world.state.commits, 1)
  const again = await world.start()
  assert.deepStrictEqual(again.tables.accounts.by("login", "mona"), mona)
  assert.strictEqual(again.tables.labels.count("repository", 1), 9)
})

it("an id is never given twice, though its row is gone", async () => {
  await using world = await openWorld()
  const hub = await world.start()
  const first = await hub.change(() => createAccount(hub, { login: "one" }))
  await hub.change(() => hub.tables.accounts.remove(first.id))
  const again = await world.start()
  const second = await again.change(() => createAccount(again, { login: "two" }))
  assert.strictEqual(second.id, first.id + 1)
})

it("after a commit that failed nothing is changed any more", async () => {
  await using world = await openWorld()
  const hub = await world.start()
  world.state.full = true
  const full = await hub.change(() => createAccount(hub, { login: "mona" })).catch((fault: unknown) => fault)
  assert.strictEqual(full instanceof Error, true)
  world.state.full = false
  const later = await hub.change(() => createAccount(hub, { login: "lisa" })).catch((fault: unknown) => fault)
  assert.strictEqual(later instanceof Error, true)
  assert.strictEqual((await world.start()).tables.accounts.size, 0)
})

it(
  "a start finishes refs that had moved, forgets those that had not, and makes and sweeps folders",
  { timeout: LIMIT },
  async () => {
    await using world = await openWorld()
    const hub = await world.start()
    const mona = await hub.change(() => createAccount(hub, { login: "mona" }))
    const repository = await hub.change(() => insertRepository(hub, mona, mona, { name: "alpha" }))
    await createStorage(hub.repositoriesFolder, 99, "main")
    await recoverRepositories(hub)
    const path = repositoryPath(hub.repositoriesFolder, repository.id)
    const tree = await writeTree(path, undefined, [])
    const author = { name: "Mona", email: "mona@example.com", at: 0 }
    const sha = await writeCommit(path, { tree, parents: [], message: "first", author })
    const moved = { ref: "refs/heads/moved", old: ZERO, new: sha }
    const still = { ref: "refs/heads/still", old: ZERO, new: sha }
    await beginRefs(hub, mona, repository, [moved])
    await beginRefs(hub, mona, repository, [still])
    await updateRefs(path, [moved])
    const again = await world.start()
    assert.strictEqual(again.tables.refIntents.size, 2)
    await recoverRepositories(again)
    assert.strictEqual(again.tables.refIntents.size, 0)
    assert.deepStrictEqual(
      again.tables.outbox
        .all()
        .filter((event) => event.event === "push")
        .map((event) => event.detail["ref"]),
      ["refs/heads/moved"]
    )
    assert.strictEqual(await readRef(path, "refs/heads/still"), undefined)
  }
)

import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Result } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Store, storeMemory, storeSqlite, type StoreFault } from "../src/index.ts"

const newFile = () => join(mkdtempSync(join(tmpdir(), "store-")), "state.db")

const using = <A, E>(layer: Layer.Layer<Store, StoreFault>, program: Effect.Effect<A, E, Store>) =>
  program.pipe(Effect.provide(layer))

const kinds: ReadonlyArray<readonly [string, () => () => Layer.Layer<Store, StoreFault>]> = [
  [
    "sqlite",
    () => {
      const file = newFile()
      return () => storeSqlite({ file, ballastBytes: 0 })
    }
  ],
  ["memory", () => () => storeMemory]
]

for (const [name, make] of kinds) {
  describe(`store on ${name}`, () => {
    it.live("keeps all writes of a commit, ordered by key", () =>
      using(
        make()(),
        Effect.gen(function* () {
          const store = yield* Store
          yield* store.commit([
            { op: "put", collection: "c", key: "b", value: { n: [1, null, "x"] } },
            { op: "put", collection: "c", key: "a", value: 1 },
            { op: "put", collection: "c", key: "gone", value: 1 },
            { op: "delete", collection: "c", key: "gone" }
          ])
          assert.deepStrictEqual(yield* store.all("c"), [
            { key: "a", value: 1 },
            { key: "b", value: { n: [1, null, "x"] } }
          ])
          assert.deepStrictEqual(yield* store.all("other"), [])
        })
      )
    )

    it.live("numbers a log's entries and trims the oldest", () =>
      using(
        make()(),
        Effect.gen(function* () {
          const store = yield* Store
          for (const value of ["a", "b", "c"]) yield* store.commit([{ op: "append", log: "events", value }])
          yield* store.commit([{ op: "append", log: "other", value: 1 }])
          assert.deepStrictEqual(yield* store.tail("events", 2), [
            { sequence: 2, value: "b" },
            { sequence: 3, value: "c" }
          ])
          yield* store.trim("events", 1)
          assert.deepStrictEqual(yield* store.tail("events", 9), [{ sequence: 3, value: "c" }])
          yield* store.commit([{ op: "append", log: "events", value: "d" }])
          assert.deepStrictEqual(yield* store.tail("events", 1), [{ sequence: 4, value: "d" }])
        })
      )
    )
  })
}

describe("store on sqlite", () => {
  it.live("keeps records over a restart, in a file only its owner reads", () => {
    const file = newFile()
    return Effect.gen(function* () {
      yield* using(
        storeSqlite({ file, ballastBytes: 0 }),
        Store.use((store) => store.commit([{ op: "put", collection: "c", key: "k", value: true }]))
      )
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      const found = yield* using(
        storeSqlite({ file, ballastBytes: 0 }),
        Store.use((store) => store.all("c"))
      )
      assert.deepStrictEqual(found, [{ key: "k", value: true }])
    })
  })

  it.live("shares one fsync among commits that wait together", () =>
    using(
      storeSqlite({ file: newFile(), ballastBytes: 0 }),
      Effect.gen(function* () {
        const store = yield* Store
        yield* Effect.all(
          Array.from({ length: 2000 }, (_, i) =>
            store.commit([{ op: "put", collection: "c", key: String(i), value: i }])
          ),
          { concurrency: "unbounded" }
        )
        assert.strictEqual((yield* store.all("c")).length, 2000)
      })
    )
  )

  it.live("refuses a database of a newer version and names both", () => {
    const file = newFile()
    new DatabaseSync(file).exec("PRAGMA user_version = 99")
    return Effect.gen(function* () {
      const opened = yield* Effect.result(
        using(
          storeSqlite({ file, ballastBytes: 0 }),
          Store.use((store) => store.all("c"))
        )
      )
      assert.isTrue(Result.isFailure(opened))
      if (Result.isFailure(opened)) assert.include(opened.failure.message, "schema version 99 is newer than 1")
    })
  })

  it.live("loses nothing it acknowledged and tears no commit when its process is killed", () => {
    const file = newFile()
    const script = `
      import { Effect } from "effect"
      import { Store, storeSqlite } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)}
      const program = Store.use((store) => Effect.gen(function* () {
        const start = (yield* store.all("left")).length
        for (let i = start; ; i++) {
          const key = String(i).padStart(8, "0")
          yield* store.commit([{ op: "put", collection: "left", key, value: i }, { op: "put", collection: "right", key, value: i }])
          process.stdout.write(i + "\\n")
        }
      }))
      await Effect.runPromise(program.pipe(Effect.provide(storeSqlite({ file: ${JSON.stringify(file)}, ballastBytes: 0 }))))`
    const crash = (afterMillis: number) =>
      Effect.callback<number>((resume) => {
        const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
          cwd: new URL("..", import.meta.url)
        })
        let acknowledged = ""
        child.stdout.on("data", (chunk: Buffer) => {
          if (acknowledged === "") setTimeout(() => child.kill("SIGKILL"), afterMillis)
          acknowledged += chunk.toString()
        })
        child.stderr.pipe(process.stderr)
        child.on("close", () => resume(Effect.succeed(Number(acknowledged.trimEnd().split("\n").at(-1) ?? -1))))
      })
    return Effect.gen(function* () {
      for (let round = 0; round < 8; round++) {
        const last = yield* crash(5 + round * 7)
        const [left, right] = yield* using(
          storeSqlite({ file, ballastBytes: 0 }),
          Store.use((store) => Effect.all([store.all("left"), store.all("right")]))
        )
        assert.deepStrictEqual(left, right)
        assert.isAtLeast(left.length, last + 1)
      }
    })
  })

  const mountable = spawnSync("unshare", ["-m", "true"]).status === 0
  it.live.skipIf(!mountable)("still deletes on a full disk, because the ballast makes room", () => {
    const folder = mkdtempSync(join(tmpdir(), "store-full-"))
    mkdirSync(folder, { recursive: true })
    assert.strictEqual(spawnSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]).status, 0)
    const file = join(folder, "state.db")
    return using(
      storeSqlite({ file, ballastBytes: 1024 * 1024 }),
      Effect.gen(function* () {
        const store = yield* Store
        const value = "x".repeat(20_000)
        let full = false
        for (let i = 0; i < 400 && !full; i++) {
          const outcome = yield* Effect.result(store.commit([{ op: "put", collection: "c", key: String(i), value }]))
          full = Result.isFailure(outcome)
          if (Result.isFailure(outcome)) assert.include(outcome.failure.message, "is full")
        }
        assert.isTrue(full)
        assert.isFalse(existsSync(`${file}.ballast`))
        assert.isNotEmpty(yield* store.all("c"))
      })
    ).pipe(Effect.ensuring(Effect.sync(() => spawnSync("umount", ["-l", folder]))))
  })
})

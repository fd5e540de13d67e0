import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Store, storeMemory, storeSqlite } from "@sockerless/store"
import { Context, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { BucketFailed, bucketFile, CasBucket, Lease, Ledger } from "../src/index.ts"

const instance = "00112233445566778899aabbccddeeff"
const newFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "lease-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

/** One state directory: its store survives starts of the daemon. */
const stateDirectory = Effect.map(Layer.build(Layer.fresh(storeMemory)), (context) => Context.get(context, Store))

const start = (store: Store["Service"], bucket: Layer.Layer<CasBucket, BucketFailed>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(
      Lease.bucket({ instance }).pipe(Layer.provide(bucket), Layer.provide(Layer.succeed(Store, store))),
      scope
    )
    return { lease: Context.get(context, Lease), die: Scope.close(scope, Exit.void) }
  })

/** A bucket that can be cut off before a call is applied, or after it. */
const unreliable = (bucket: Layer.Layer<CasBucket, BucketFailed>) => {
  const weather: { fails: "never" | "before" | "after" } = { fails: "never" }
  const layer = Layer.effect(
    CasBucket,
    Effect.map(CasBucket, (inner) => {
      const through = <A, E>(key: string, call: Effect.Effect<A, E>) =>
        Effect.suspend(() => {
          const lost = Effect.fail(new BucketFailed({ key, reason: "no answer" }))
          if (weather.fails === "before") return lost
          return weather.fails === "after" ? Effect.andThen(call, lost) : call
        })
      return CasBucket.of({
        get: (key) => through(key, inner.get(key)),
        putIfMatch: (key, body, etag) => through(key, inner.putIfMatch(key, body, etag)),
        putIfAbsent: (key, body) => through(key, inner.putIfAbsent(key, body))
      })
    })
  ).pipe(Layer.provide(bucket))
  return { weather, layer }
}

describe("Lease.bucket", () => {
  it.effect("is held by one of two state directories until it has not been renewed for its ttl", () =>
    Effect.gen(function* () {
      const bucket = bucketFile(join(yield* newFolder, "bucket"))
      const first = yield* start(yield* stateDirectory, bucket)
      assert.strictEqual(first.lease.epoch, 1)
      const other = yield* stateDirectory
      const refused = yield* Effect.flip(start(other, bucket))
      assert.strictEqual(refused._tag, "LeaseHeld")
      assert.match(refused.message, /works as instance 0011.* in epoch 1; stop it, or give this one/)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Effect.flip(start(other, bucket)))._tag, "LeaseHeld")
      yield* first.lease.check
      yield* first.die
      yield* TestClock.adjust("61 seconds")
      const second = yield* start(other, bucket)
      assert.strictEqual(second.lease.epoch, 2)
      yield* second.lease.check
      assert.strictEqual((yield* Effect.flip(first.lease.check))._tag, "LeaseLost")
    })
  )

  it.effect("is taken over at once by the next start of the same state directory, in a higher epoch", () =>
    Effect.gen(function* () {
      const bucket = bucketFile(join(yield* newFolder, "bucket"))
      const store = yield* stateDirectory
      for (const epoch of [1, 2, 3]) {
        const { lease, die } = yield* start(store, bucket)
        assert.strictEqual(lease.epoch, epoch)
        yield* die
      }
    })
  )

  it.effect("fences a daemon whose copied state directory was started elsewhere", () =>
    Effect.gen(function* () {
      const bucket = bucketFile(join(yield* newFolder, "bucket"))
      const store = yield* stateDirectory
      const old = yield* start(store, bucket)
      const lost = yield* Effect.forkChild(old.lease.lost)
      const copy = yield* start(store, bucket)
      yield* TestClock.adjust("21 seconds")
      assert.match(
        (yield* Fiber.join(lost)).message,
        /^instance 0011.* has lost its lease of epoch 1: host .* epoch 2$/
      )
      assert.strictEqual((yield* Effect.flip(old.lease.check))._tag, "LeaseLost")
      yield* copy.lease.check
    })
  )

  it.effect("outlives lost answers of its renewals", () =>
    Effect.gen(function* () {
      const { weather, layer } = unreliable(bucketFile(join(yield* newFolder, "bucket")))
      const { lease } = yield* start(yield* stateDirectory, layer)
      for (let round = 0; round < 5; round++) {
        weather.fails = "after"
        yield* TestClock.adjust("22 seconds")
        weather.fails = "never"
        yield* TestClock.adjust("8 seconds")
        yield* lease.check
      }
    })
  )

  it.effect("is given up before its ttl when the bucket cannot be reached, and taken when an answer was lost", () =>
    Effect.gen(function* () {
      const { weather, layer } = unreliable(bucketFile(join(yield* newFolder, "bucket")))
      const store = yield* stateDirectory
      weather.fails = "after"
      assert.strictEqual((yield* Effect.flip(start(store, layer)))._tag, "BucketFailed")
      weather.fails = "never"
      const { lease } = yield* start(store, layer)
      weather.fails = "before"
      yield* TestClock.adjust("44 seconds")
      yield* lease.check
      yield* TestClock.adjust("2 seconds")
      assert.match((yield* Effect.flip(lease.check)).message, /renewed in time$/)
    })
  )

  it.effect("stops the ledger from changing the place once it is lost", () =>
    Effect.gen(function* () {
      const { weather, layer } = unreliable(bucketFile(join(yield* newFolder, "bucket")))
      const store = yield* stateDirectory
      const { lease } = yield* start(store, layer)
      const ledger = Context.get(
        yield* Layer.build(
          Ledger.layer.pipe(Layer.provide(Layer.succeed(Lease, lease)), Layer.provide(Layer.succeed(Store, store)))
        ),
        Ledger
      )
      const place = { find: () => Effect.die("asked"), destroy: () => Effect.die("destroyed") }
      yield* ledger.adopt({
        backend: "folder",
        subject: "one",
        type: "task",
        name: "one",
        resource: { id: "1" },
        epoch: lease.epoch
      })
      weather.fails = "before"
      yield* TestClock.adjust("1 hour")
      const request = { verb: "create", subject: "two", backend: "folder", rule: "back", request: "" } as const
      const performed = yield* Effect.flip(ledger.perform(request, place, () => Effect.die("ran")))
      assert.strictEqual(performed._tag, "LeaseLost")
      assert.strictEqual((yield* Effect.flip(ledger.dispose("adopted/task/1", place)))._tag, "LeaseLost")
    })
  )
})

describe("Lease.local", () => {
  it.live("counts a higher epoch at each start of a state directory", () =>
    Effect.gen(function* () {
      const file = join(yield* newFolder, "state.db")
      const start = () =>
        Effect.map(Lease, (lease) => lease.epoch).pipe(
          Effect.provide(Lease.local(instance).pipe(Layer.provide(storeSqlite({ file, ballastBytes: 0 }))))
        )
      assert.deepStrictEqual([yield* start(), yield* start()], [1, 2])
    })
  )
})

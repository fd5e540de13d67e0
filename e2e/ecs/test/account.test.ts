import { s3Bucket } from "@sockerless/cloud-aws"
import { type Cloudsim, startCloudsim } from "@sockerless/e2e-cloud-sdks"
import { CasBucket, Lease, type LeaseOptions } from "@sockerless/resource-registry"
import { storeMemory } from "@sockerless/store"
import { Context, Effect, Layer, Schedule } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { accountOf, makeBucket } from "../src/index.ts"

const BUCKET = "leases"
let sim: Cloudsim

beforeAll(async () => {
  sim = await startCloudsim()
  await Effect.runPromise(makeBucket(accountOf(sim), BUCKET))
}, 60_000)
afterAll(() => sim?.stop(), 60_000)

const withBucket = <A, E>(effect: Effect.Effect<A, E, CasBucket>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, s3Bucket(accountOf(sim), BUCKET)))

describe("an S3 bucket as compare-and-swap object", () => {
  it("makes an object once, replaces exactly the version that was read, and tells the server's time", () =>
    withBucket(
      Effect.gen(function* () {
        const bucket = yield* CasBucket
        assert.isUndefined(yield* bucket.get("one"))
        const first = yield* bucket.putIfAbsent("one", "1")
        const twice = yield* Effect.flip(bucket.putIfAbsent("one", "2"))
        assert.equal(twice._tag, "PreconditionFailed")
        const second = yield* bucket.putIfMatch("one", "3", first)
        const stale = yield* Effect.flip(bucket.putIfMatch("one", "4", first))
        assert.equal(stale._tag, "PreconditionFailed")
        const read = yield* bucket.get("one")
        assert.deepEqual([read?.body, read?.etag], ["3", second])
        assert.isAtMost(Math.abs((read?.nowMillis ?? 0) - Date.now()), 60_000)
      })
    ))

  it("says that it failed when the bucket is not there", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const fault = yield* Effect.flip((yield* CasBucket).putIfAbsent("one", "1"))
        assert.equal(fault._tag, "BucketFailed")
        assert.include(fault.message, "NoSuchBucket")
      }).pipe(Effect.provide(s3Bucket(accountOf(sim), "no-such-bucket")))
    ))
})

describe("the lease of an instance in S3", () => {
  const lease = (options: LeaseOptions) =>
    Layer.build(Lease.bucket(options).pipe(Layer.provide(s3Bucket(accountOf(sim), BUCKET)), Layer.provide(storeMemory)))

  it("is one daemon's, and the next one's with a higher epoch once it is over", () =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const instance = "0123456789abcdef0123456789abcdef"
          const first = yield* Effect.scoped(
            Effect.gen(function* () {
              const held = Context.get(yield* lease({ instance, ttlMillis: 3000 }), Lease)
              yield* held.check
              const refused = yield* Effect.flip(Effect.scoped(lease({ instance, ttlMillis: 3000 })))
              assert.equal(refused._tag, "LeaseHeld")
              return held.epoch
            })
          )
          const next = yield* Effect.retry(lease({ instance, ttlMillis: 3000 }), {
            while: (fault) => fault._tag === "LeaseHeld",
            times: 100,
            schedule: Schedule.spaced("200 millis")
          })
          const held = Context.get(next, Lease)
          assert.equal(held.epoch, first + 1)
        })
      )
    ))
})

describe("a call that fails", () => {
  it("tells AWS's own code, the kind, and whether anything changed", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const missing = yield* Effect.flip(
          accountOf(sim).ecs("DescribeTaskDefinition", (client, sdk, options) =>
            client.send(new sdk.DescribeTaskDefinitionCommand({ taskDefinition: "nothing:1" }), options)
          )
        )
        assert.deepEqual([missing.applied, missing.retryable], ["no", false])
        assert.match(missing.message, /^AWS ECS DescribeTaskDefinition: \w+: .+/)
        const unsigned = yield* Effect.flip(
          accountOf(sim, { secretAccessKey: "wrong" }).ecs("ListTasks", (client, sdk, options) =>
            client.send(new sdk.ListTasksCommand({ cluster: "main" }), options)
          )
        )
        assert.equal(unsigned.kind, "unauthenticated")
      })
    ))

  it("is in doubt when nobody answers", async () => {
    const account = accountOf(sim)
    await sim.kill()
    const lost = await Effect.runPromise(
      Effect.flip(
        account.ecs("RunTask", (client, sdk, options) =>
          client.send(new sdk.RunTaskCommand({ cluster: "main", taskDefinition: "x" }), options)
        )
      )
    )
    assert.deepEqual([lost.code, lost.applied, lost.kind], ["ECONNREFUSED", "unknown", "unavailable"])
    await sim.start()
  })
})

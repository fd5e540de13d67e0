import { Deferred, Effect, type Scope } from "effect"
import { LeaseLost } from "../faults.ts"
import { CasBucket } from "./bucket.ts"
import { type LeaseBody, leaseKey, readLease } from "./lease-object.ts"

export interface KeptLease {
  readonly instance: string
  readonly epoch: number
  readonly check: Effect.Effect<void, LeaseLost>
  readonly lost: Effect.Effect<LeaseLost>
}

interface Held {
  readonly instance: string
  readonly ttlMillis: number
  readonly renewMillis: number
  readonly body: LeaseBody
  readonly etag: string
  /** Monotonic, when the write that gave us the lease was sent: the ttl cannot have begun earlier. */
  readonly sentAt: bigint
}

const NANOS = 1_000_000n
/** The share of the ttl in which we still act; the rest is for calls under way and for clocks that run apart. */
const SAFE_SHARE = 0.75

/** Renews for as long as the scope lives; `check` fails as soon as somebody else may have the lease. */
export const keepRenewed = Effect.fnUntraced(function* (
  held: Held
): Effect.fn.Return<KeptLease, never, CasBucket | Scope.Scope> {
  const bucket = yield* CasBucket
  const key = leaseKey(held.instance)
  const lost = yield* Deferred.make<LeaseLost>()
  const now = Effect.clockWith((clock) => clock.monotonicTimeNanos)
  let { body, etag, sentAt } = held
  let gone: LeaseLost | undefined
  const lose = (reason: string) => {
    gone ??= new LeaseLost({ instance: held.instance, epoch: held.body.epoch, reason })
    return Deferred.succeed(lost, gone)
  }

  /** A conditional write that failed may be an earlier one of ours, whose answer was lost: then the next one counts. */
  const settle = Effect.gen(function* () {
    const found = yield* readLease(key)
    if (found === undefined) return yield* lose("its object was removed")
    if (found.body.boot !== held.body.boot) {
      return yield* lose(`host ${found.body.host}, pid ${found.body.pid} holds epoch ${found.body.epoch}`)
    }
    etag = found.etag
    body = found.body
    return false
  })

  /** True when the lease was renewed. */
  const renew = Effect.gen(function* () {
    const sent = yield* now
    const next = { ...body, renewal: body.renewal + 1 }
    return yield* bucket.putIfMatch(key, JSON.stringify(next), etag).pipe(
      Effect.map((written) => {
        etag = written
        body = next
        sentAt = sent
        return true
      }),
      Effect.catchTag("PreconditionFailed", () => settle)
    )
  })

  const safeNanos = BigInt(Math.floor(held.ttlMillis * SAFE_SHARE)) * NANOS
  const stale = Effect.map(now, (at) => at - sentAt > safeNanos)

  const round = Effect.gen(function* () {
    const renewed = yield* Effect.catchTag(renew, "BucketFailed", () => Effect.succeed(false))
    if (gone !== undefined) return yield* Effect.never
    if (yield* stale) return yield* Effect.andThen(lose("it could not be renewed in time"), Effect.never)
    yield* Effect.sleep(renewed ? held.renewMillis : Math.max(1, held.renewMillis / 8))
  })
  yield* Effect.sleep(held.renewMillis).pipe(
    Effect.andThen(Effect.forever(round)),
    Effect.provideService(CasBucket, bucket),
    Effect.forkScoped
  )
  return {
    instance: held.instance,
    epoch: held.body.epoch,
    lost: Deferred.await(lost),
    check: Effect.gen(function* () {
      if (gone === undefined && (yield* stale)) yield* lose("it was not renewed in time")
      if (gone !== undefined) return yield* gone
    })
  }
})

import { randomBytes } from "node:crypto"
import { hostname } from "node:os"
import { killpoint } from "@sockerless/killpoints"
import { Store, type StoreFault } from "@sockerless/store"
import { Effect, type Scope } from "effect"
import { BucketFailed, LeaseHeld, type RecordUnreadable } from "../faults.ts"
import { CasBucket } from "./bucket.ts"
import { type LeaseBody, leaseKey, readLease } from "./lease-object.ts"
import { recall, remember } from "./memory.ts"
import { keepRenewed, type KeptLease } from "./renew.ts"

export interface LeaseOptions {
  readonly instance: string
  /** How long a lease outlives its last renewal; 60 s unless said otherwise. */
  readonly ttlMillis?: number
  readonly renewMillis?: number
}

const TTL_MILLIS = 60_000
/** Lost races in a row that mean the bucket is broken. */
const RACE_LIMIT = 8
/** Unconfirmed starts remembered; a state directory that crashed more often waits for the ttl. */
const BOOT_LIMIT = 32

const swap = Effect.fnUntraced(function* (
  options: Required<LeaseOptions>,
  boot: string,
  known: { readonly epoch: number; readonly boots: ReadonlyArray<string> }
) {
  const bucket = yield* CasBucket
  const key = leaseKey(options.instance)
  const found = yield* readLease(key)
  if (found?.body.boot === boot) return { body: found.body, etag: found.etag }
  if (found !== undefined && !known.boots.includes(found.body.boot)) {
    const freeInMillis = found.modifiedAtMillis + options.ttlMillis - found.nowMillis
    if (freeInMillis >= 0) return yield* new LeaseHeld({ ...found.body, freeInMillis })
  }
  const body: LeaseBody = {
    instance: options.instance,
    epoch: Math.max(known.epoch, found?.body.epoch ?? 0) + 1,
    boot,
    host: hostname(),
    pid: process.pid,
    renewal: 0
  }
  killpoint("registry.lease.before-take")
  const text = JSON.stringify(body)
  const etag = yield* found === undefined ? bucket.putIfAbsent(key, text) : bucket.putIfMatch(key, text, found.etag)
  killpoint("registry.lease.after-take")
  return { body, etag }
})

/** Takes the lease: at once when it is free, over, or left by a start of this state directory; otherwise `LeaseHeld`. */
export const acquireLease = Effect.fn("Lease.acquire")(function* (
  given: LeaseOptions
): Effect.fn.Return<
  KeptLease,
  LeaseHeld | BucketFailed | StoreFault | RecordUnreadable,
  Store | CasBucket | Scope.Scope
> {
  const ttlMillis = given.ttlMillis ?? TTL_MILLIS
  const options = { ...given, ttlMillis, renewMillis: given.renewMillis ?? Math.floor(ttlMillis / 3) }
  const store = yield* Store
  const known = yield* recall(store, options.instance)
  const boot = randomBytes(16).toString("hex")
  yield* remember(store, options.instance, { ...known, boots: [...known.boots, boot].slice(-BOOT_LIMIT) })
  killpoint("registry.lease.after-intent")
  const sentAt = yield* Effect.clockWith((clock) => clock.monotonicTimeNanos)
  const taken = yield* swap(options, boot, known).pipe(
    Effect.retry({ times: RACE_LIMIT, while: (fault) => fault._tag === "PreconditionFailed" }),
    Effect.catchTag("PreconditionFailed", ({ key }) =>
      Effect.fail(new BucketFailed({ key, reason: `${RACE_LIMIT} writes in a row lost a race` }))
    )
  )
  yield* remember(store, options.instance, { epoch: taken.body.epoch, boots: [boot] })
  killpoint("registry.lease.after-outcome")
  return yield* keepRenewed({ ...options, ...taken, sentAt })
})

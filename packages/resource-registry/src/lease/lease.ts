import { Store, type StoreFault } from "@sockerless/store"
import { Context, Effect, Layer } from "effect"
import type { BucketFailed, LeaseHeld, LeaseLost, RecordUnreadable } from "../faults.ts"
import type { CasBucket } from "./bucket.ts"
import { acquireLease, type LeaseOptions } from "./acquire.ts"
import { recall, remember } from "./memory.ts"

/**
 * The right to act for one instance. Invariants: an epoch is handed out once, each start gets a higher one; after
 * `check` has succeeded no other daemon gets the lease before the ttl has passed.
 */
export class Lease extends Context.Service<
  Lease,
  {
    readonly instance: string
    readonly epoch: number
    /** Succeeds while we alone act for this instance; to be asked right before each change of the place. */
    readonly check: Effect.Effect<void, LeaseLost>
    /** Waits until the lease is lost. The daemon then ends itself at once, for another one acts in its place. */
    readonly lost: Effect.Effect<LeaseLost>
  }
>()("@sockerless/resource-registry/Lease") {
  /** A lease in a bucket that every daemon of the account can reach, renewed as long as the scope lives. */
  static readonly bucket = (
    options: LeaseOptions
  ): Layer.Layer<Lease, LeaseHeld | BucketFailed | StoreFault | RecordUnreadable, Store | CasBucket> =>
    Layer.effect(Lease, acquireLease(options))

  /** For places that only this machine reaches: the state directory's own lock is the lease, epochs are counted here. */
  static readonly local = (instance: string): Layer.Layer<Lease, StoreFault | RecordUnreadable, Store> =>
    Layer.effect(
      Lease,
      Effect.gen(function* () {
        const store = yield* Store
        const known = yield* recall(store, instance)
        const epoch = known.epoch + 1
        yield* remember(store, instance, { epoch, boots: known.boots })
        return { instance, epoch, check: Effect.void, lost: Effect.never }
      })
    )
}

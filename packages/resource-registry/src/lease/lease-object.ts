import { Effect, Schema } from "effect"
import { BucketFailed } from "../faults.ts"
import { CasBucket } from "./bucket.ts"

/** The lease object. `boot` tells apart two starts, `renewal` two writes of one start. */
export const LeaseBody = Schema.Struct({
  instance: Schema.String,
  epoch: Schema.Number,
  boot: Schema.String,
  host: Schema.String,
  pid: Schema.Number,
  renewal: Schema.Number
})
export type LeaseBody = typeof LeaseBody.Type

const decodeBody = Schema.decodeUnknownEffect(Schema.fromJsonString(LeaseBody))

/** Where the lease of an instance lives in its bucket. */
export const leaseKey = (instance: string): string => `sockerless/leases/${instance}.json`

export const readLease = Effect.fnUntraced(function* (key: string) {
  const found = yield* (yield* CasBucket).get(key)
  if (found === undefined) return undefined
  const body = yield* Effect.mapError(
    decodeBody(found.body),
    (error) => new BucketFailed({ key, reason: `it is no lease of ours: ${error.message}` })
  )
  return { ...found, body }
})

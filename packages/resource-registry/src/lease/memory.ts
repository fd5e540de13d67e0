import type { Store, StoreFault } from "@sockerless/store"
import { type Context, Effect, Schema } from "effect"
import { RecordUnreadable } from "../faults.ts"

/** What the state directory knows of its own lease. */
const Memory = Schema.Struct({
  epoch: Schema.Number,
  /** Starts of this state directory that may have written the lease: a lease of theirs is ours to take over at once. */
  boots: Schema.Array(Schema.String)
})
export type Memory = typeof Memory.Type

const COLLECTION = "registry.lease"

const decode = Schema.decodeUnknownEffect(Memory)

/** The last lease of this state directory; epoch 0 when it had none. */
export const recall = Effect.fnUntraced(function* (
  store: Context.Service.Shape<typeof Store>,
  instance: string
): Effect.fn.Return<Memory, StoreFault | RecordUnreadable> {
  const record = (yield* store.all(COLLECTION)).find(({ key }) => key === instance)
  if (record === undefined) return { epoch: 0, boots: [] }
  return yield* Effect.mapError(
    decode(record.value),
    (error) => new RecordUnreadable({ collection: COLLECTION, key: instance, reason: error.message })
  )
})

/** Durable when it returns. */
export const remember = (
  store: Context.Service.Shape<typeof Store>,
  instance: string,
  memory: Memory
): Effect.Effect<void, StoreFault> =>
  store.commit([{ op: "put", collection: COLLECTION, key: instance, value: { ...memory } }])

import { type JsonValue, Store, type StoreFault, type Write } from "@sockerless/store"
import { Effect, Schema } from "effect"
import { RecordUnreadable } from "../faults.ts"
import { Claim, OperationRecord, ResourceEntry, Tombstone } from "./records.ts"

/** One kind of record: durable in the store, and all of it in memory for reading. */
export interface Shelf<T> {
  readonly get: (key: string) => T | undefined
  readonly values: () => ReadonlyArray<T>
  readonly put: (key: string, value: T) => Change
  readonly drop: (key: string) => Change
}

/** A write and what it does to the picture in memory, which changes only after the write is durable. */
interface Change {
  readonly write: Write
  readonly apply: () => void
}

export interface Book {
  readonly operations: Shelf<OperationRecord>
  readonly resources: Shelf<ResourceEntry>
  readonly tombstones: Shelf<Tombstone>
  readonly claims: Shelf<Claim>
  /** All changes or none, durable when it returns. */
  readonly commit: (...changes: ReadonlyArray<Change>) => Effect.Effect<void, StoreFault>
}

const shelf = Effect.fnUntraced(function* <T extends object>(
  collection: string,
  decode: (value: JsonValue) => Effect.Effect<T, Schema.SchemaError>,
  encode: (value: T) => JsonValue
): Effect.fn.Return<Shelf<T>, StoreFault | RecordUnreadable, Store> {
  const items = new Map<string, T>()
  for (const { key, value } of yield* (yield* Store).all(collection)) {
    const item = yield* Effect.mapError(
      decode(value),
      (error) => new RecordUnreadable({ collection, key, reason: error.message })
    )
    items.set(key, item)
  }
  return {
    get: (key) => items.get(key),
    values: () => [...items.values()],
    put: (key, value) => ({
      write: { op: "put", collection, key, value: encode(value) },
      apply: () => items.set(key, value)
    }),
    drop: (key) => ({ write: { op: "delete", collection, key }, apply: () => items.delete(key) })
  }
})

/** Everything the registry knows, read once; a record that cannot be read is a fault, never skipped. */
export const openBook = Effect.gen(function* () {
  const store = yield* Store
  const book: Book = {
    operations: yield* shelf("registry.operations", Schema.decodeUnknownEffect(OperationRecord), (v) => ({ ...v })),
    resources: yield* shelf("registry.resources", Schema.decodeUnknownEffect(ResourceEntry), (v) => ({ ...v })),
    tombstones: yield* shelf("registry.tombstones", Schema.decodeUnknownEffect(Tombstone), (v) => ({ ...v })),
    claims: yield* shelf("registry.claims", Schema.decodeUnknownEffect(Claim), (v) => ({ ...v })),
    commit: (...changes) =>
      Effect.andThen(
        store.commit(changes.map((change) => change.write)),
        Effect.sync(() => changes.forEach((change) => change.apply()))
      )
  }
  return book
})

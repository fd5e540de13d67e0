import { Context, type Effect } from "effect"
import type { StoreFault } from "./faults.ts"

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | ReadonlyArray<JsonValue>
  | { readonly [key: string]: JsonValue }

/** One change of a commit. A log's sequence number is assigned by the store, rising by one within each log. */
export type Write =
  | { readonly op: "put"; readonly collection: string; readonly key: string; readonly value: JsonValue }
  | { readonly op: "delete"; readonly collection: string; readonly key: string }
  | { readonly op: "append"; readonly log: string; readonly value: JsonValue }

export interface StoredRecord {
  readonly key: string
  readonly value: JsonValue
}

export interface LogEntry {
  readonly sequence: number
  readonly value: JsonValue
}

/** Durable records and logs. What `commit` has acknowledged survives SIGKILL and power loss. */
export class Store extends Context.Service<
  Store,
  {
    /** All writes or none, durable when it returns. Commits that wait together share one fsync, in order of calling. */
    readonly commit: (writes: ReadonlyArray<Write>) => Effect.Effect<void, StoreFault>
    /** Every record of a collection, ordered by key. */
    readonly all: (collection: string) => Effect.Effect<ReadonlyArray<StoredRecord>, StoreFault>
    /** The last `count` entries of a log, oldest first. */
    readonly tail: (log: string, count: number) => Effect.Effect<ReadonlyArray<LogEntry>, StoreFault>
    /** Forgets all but the last `keepLast` entries of a log. */
    readonly trim: (log: string, keepLast: number) => Effect.Effect<void, StoreFault>
  }
>()("@sockerless/store/Store") {}

import { Schema } from "effect"
import type { JsonValue } from "@sockerless/store"
import type { Book } from "./book.ts"

interface Change<T> {
  readonly at: number
  readonly key: string
  readonly before: T | undefined
}

const CHANGES_AT_MOST = 10_000

/**
 * One collection of a simulated service. Reads and writes are at once, so a handler that does not wait in between is
 * atomic; what was written is durable when the book's `settle` has returned, which is before the caller hears of it.
 */
export class Table<T> {
  readonly #book: Book
  readonly #name: string
  readonly #encode: (value: T) => JsonValue
  readonly #rows = new Map<string, T>()
  readonly #changes: Array<Change<T>> = []

  constructor(
    book: Book,
    name: string,
    schema: Schema.Codec<T, JsonValue>,
    rows: Iterable<readonly [string, JsonValue]>
  ) {
    this.#book = book
    this.#name = name
    this.#encode = Schema.encodeSync(schema)
    const decode = Schema.decodeUnknownSync(schema)
    for (const [key, value] of rows) this.#rows.set(key, decode(value))
  }

  /** The row, now or as it was at a time in the past. */
  get(key: string, asOf?: number): T | undefined {
    return asOf === undefined ? this.#rows.get(key) : this.#past(asOf).get(key)
  }

  has(key: string): boolean {
    return this.#rows.has(key)
  }

  /** All rows in the order in which they were made. */
  all(asOf?: number): ReadonlyArray<T> {
    return [...(asOf === undefined ? this.#rows : this.#past(asOf)).values()]
  }

  put(key: string, value: T): T {
    this.#remember(key)
    this.#rows.set(key, value)
    this.#book.write({ op: "put", collection: this.#name, key, value: this.#encode(value) })
    return value
  }

  /** Forgets a row; says whether there was one. */
  delete(key: string): boolean {
    if (!this.#rows.has(key)) return false
    this.#remember(key)
    this.#rows.delete(key)
    this.#book.write({ op: "delete", collection: this.#name, key })
    return true
  }

  #remember(key: string): void {
    this.#changes.push({ at: this.#book.now(), key, before: this.#rows.get(key) })
    if (this.#changes.length > CHANGES_AT_MOST) this.#changes.splice(0, CHANGES_AT_MOST / 10)
  }

  #past(asOf: number): ReadonlyMap<string, T> {
    const rows = new Map(this.#rows)
    for (const { at, key, before } of this.#changes.toReversed()) {
      if (at <= asOf) break
      if (before === undefined) rows.delete(key)
      else rows.set(key, before)
    }
    return rows
  }
}

import type { JsonValue, Write } from "@sockerless/store"

/** What every row has: an id that its table gave it and never gives again. */
export type Row = { readonly id: number; readonly [field: string]: JsonValue }

type Key = string | number | null

/** How a table is stored and found. Rows are JSON and never changed in place. */
export interface TableSpec<R extends Row, U extends string, I extends string> {
  readonly name: string
  /** Keys that at most one row may have; null for rows that have none. */
  readonly unique: Readonly<Record<U, (row: R) => Key>>
  /** Keys that many rows may share; null for rows that are not in the index. */
  readonly index: Readonly<Record<I, (row: R) => Key>>
  /** Fields that rows written before the field existed do not have. */
  readonly defaults: Partial<R>
}

/** Describes a table of `R`: `table<Label>()("labels", { index: { repository: (row) => row.repositoryId } })`. */
export const table =
  <R extends Row>() =>
  <U extends string = never, I extends string = never>(
    name: string,
    spec: {
      readonly unique?: Record<U, (row: R) => Key>
      readonly index?: Record<I, (row: R) => Key>
      readonly defaults?: Partial<R>
    } = {}
  ): TableSpec<R, U, I> => {
    const none: Record<string, never> = {}
    return { name, unique: spec.unique ?? none, index: spec.index ?? none, defaults: spec.defaults ?? {} }
  }

/** Where a table writes down its changes: the change that runs now. */
export interface Journal {
  readonly record: (write: Write, undo: () => void) => void
}

const KEY_DIGITS = 12
const SEQUENCES = "sequences"

/** The rows of one table in memory, with their indices; every change goes into the journal. */
export class Table<R extends Row, U extends string = never, I extends string = never> {
  readonly #spec: TableSpec<R, U, I>
  readonly #journal: Journal
  readonly #rows = new Map<number, R>()
  readonly #unique = new Map<string, Map<Key, R>>()
  readonly #index = new Map<string, Map<Key, Map<number, R>>>()
  #last = 0

  constructor(spec: TableSpec<R, U, I>, journal: Journal) {
    this.#spec = spec
    this.#journal = journal
    for (const name of this.#names("unique")) this.#unique.set(name, new Map())
    for (const name of this.#names("index")) this.#index.set(name, new Map())
  }

  #names(kind: "unique" | "index"): ReadonlyArray<string> {
    return Object.keys(this.#spec[kind])
  }

  /** Takes what the store holds; called once, before anything else. */
  load(rows: ReadonlyArray<JsonValue>, last: number): void {
    for (const value of rows) this.#link({ ...this.#spec.defaults, ...(value as R) })
    this.#last = Math.max(last, this.#last)
  }

  get size(): number {
    return this.#rows.size
  }

  get(id: number): R | undefined {
    return this.#rows.get(id)
  }

  /** The row that another row refers to; its absence is a broken database, not an answer. */
  need(id: number): R {
    const row = this.#rows.get(id)
    if (row === undefined) throw new Error(`${this.#spec.name} ${id} is referred to and does not exist`)
    return row
  }

  /** The one row with this unique key. */
  by(name: U, key: Key): R | undefined {
    return this.#unique.get(name)?.get(key)
  }

  /** The rows that share this key, in order of creation. */
  where(name: I, key: Key): ReadonlyArray<R> {
    return [...(this.#index.get(name)?.get(key)?.values() ?? [])]
  }

  /** How many rows share this key. */
  count(name: I, key: Key): number {
    return this.#index.get(name)?.get(key)?.size ?? 0
  }

  /** Every row, in order of creation. */
  all(): ReadonlyArray<R> {
    return [...this.#rows.values()]
  }

  /** Adds a row and gives it the next id. Legal inside a change only, as are `update` and `remove`. */
  insert(values: Omit<R, "id">): R {
    const id = this.#last + 1
    // Omit over a type with an index signature forgets the fields, so the compiler cannot put them together again.
    const row = { ...values, id } as R
    this.#claim(row)
    this.#journal.record({ op: "put", collection: SEQUENCES, key: this.#spec.name, value: id }, () => {
      this.#last = id - 1
    })
    this.#last = id
    this.#journal.record(this.#put(row), () => this.#unlink(row))
    this.#link(row)
    return row
  }

  /** Replaces fields of a row and returns the row as it is now. */
  update(id: number, change: Partial<Omit<R, "id">>): R {
    const before = this.need(id)
    const after = { ...before, ...change, id }
    this.#claim(after)
    this.#journal.record(this.#put(after), () => {
      this.#unlink(after)
      this.#link(before)
    })
    if (this.#sameKeys(before, after)) this.#replace(before, after)
    else {
      this.#unlink(before)
      this.#link(after)
    }
    return after
  }

  /** Removes a row; absent is success. */
  remove(id: number): void {
    const row = this.#rows.get(id)
    if (row === undefined) return
    this.#journal.record({ op: "delete", collection: this.#spec.name, key: this.#key(id) }, () => this.#link(row))
    this.#unlink(row)
  }

  #key(id: number): string {
    return String(id).padStart(KEY_DIGITS, "0")
  }

  #put(row: R): Write {
    return { op: "put", collection: this.#spec.name, key: this.#key(row.id), value: row }
  }

  #keys(row: R): ReadonlyArray<Key> {
    return [
      ...[...this.#unique.keys()].map((name) => this.#spec.unique[name as U](row)),
      ...[...this.#index.keys()].map((name) => this.#spec.index[name as I](row))
    ]
  }

  #sameKeys(a: R, b: R): boolean {
    const other = this.#keys(b)
    return this.#keys(a).every((key, position) => key === other[position])
  }

  #replace(before: R, after: R): void {
    this.#rows.set(before.id, after)
    for (const [name, map] of this.#unique) {
      const key = this.#spec.unique[name as U](after)
      if (key !== null) map.set(key, after)
    }
    for (const [name, map] of this.#index) {
      const key = this.#spec.index[name as I](after)
      if (key !== null) map.get(key)?.set(after.id, after)
    }
  }

  /** Two rows with one unique key are a bug of the caller, who has to look before he writes. */
  #claim(row: R): void {
    for (const [name, map] of this.#unique) {
      const key = this.#spec.unique[name as U](row)
      const other = key === null ? undefined : map.get(key)
      if (other !== undefined && other.id !== row.id) {
        throw new Error(`${this.#spec.name}: ${name} ${key} is taken by ${other.id}`)
      }
    }
  }

  #link(row: R): void {
    for (const [name, map] of this.#unique) {
      const key = this.#spec.unique[name as U](row)
      if (key !== null) map.set(key, row)
    }
    for (const [name, map] of this.#index) {
      const key = this.#spec.index[name as I](row)
      if (key === null) continue
      const rows = map.get(key) ?? new Map<number, R>()
      rows.set(row.id, row)
      map.set(key, rows)
    }
    this.#rows.set(row.id, row)
    this.#last = Math.max(this.#last, row.id)
  }

  #unlink(row: R): void {
    for (const [name, map] of this.#unique) map.delete(this.#spec.unique[name as U](row))
    for (const [name, map] of this.#index) {
      const key = this.#spec.index[name as I](row)
      const rows = map.get(key)
      rows?.delete(row.id)
      if (rows?.size === 0) map.delete(key)
    }
    this.#rows.delete(row.id)
  }
}

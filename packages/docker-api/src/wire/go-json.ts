/**
 * Go's reading of JSON, which Docker's clients rely on: keys match without regard to case, the last of two equal keys
 * wins, unknown keys are ignored, null leaves the zero value. A wrong type is reported with Go's own words.
 */
export interface Reading {
  /** The first thing that was wrong. */
  problem: string | undefined
}

export type Reader<A> = (value: unknown, at: string, reading: Reading) => A

export type Fields = Readonly<Record<string, Reader<unknown>>>

/** What a table of fields reads. */
export type Shape<T extends Fields> = { readonly [K in keyof T]: T[K] extends Reader<infer A> ? A : never }

const kindOf = (value: unknown) =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value

const mismatch = (value: unknown, at: string, wanted: string, reading: Reading) => {
  reading.problem ??= `json: cannot unmarshal ${kindOf(value)} into Go struct field ${at} of type ${wanted}`
}

const absent = (value: unknown): value is null | undefined => value === null || value === undefined

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** No path, name, argument or variable can hold one; past this point nobody need think of it. */
const refuseNul = (value: string, at: string, reading: Reading) => {
  if (value.includes("\0")) reading.problem ??= `invalid argument: a NUL byte in ${at}`
}

/** A string, empty when absent. */
export const text: Reader<string> = (value, at, reading) => {
  if (absent(value)) return ""
  if (typeof value === "string") {
    refuseNul(value, at, reading)
    return value
  }
  mismatch(value, at, "string", reading)
  return ""
}

/** A bool, false when absent. */
export const flag: Reader<boolean> = (value, at, reading) => {
  if (absent(value)) return false
  if (typeof value === "boolean") return value
  mismatch(value, at, "bool", reading)
  return false
}

const INT64 = 2 ** 63

/** A whole number, zero when absent. */
export const integer: Reader<number> = (value, at, reading) => {
  if (absent(value)) return 0
  if (typeof value === "number" && Number.isInteger(value) && value >= -INT64 && value < INT64) return value
  if (typeof value === "number") {
    reading.problem ??= `json: cannot unmarshal number ${value} into Go struct field ${at} of type int64`
    return 0
  }
  mismatch(value, at, "int64", reading)
  return 0
}

/** A Go pointer: null when absent. */
export const maybe =
  <A>(reader: Reader<A>): Reader<A | null> =>
  (value, at, reading) =>
    absent(value) ? null : reader(value, at, reading)

/** A slice: null when absent, as Go keeps it. */
export const list =
  <A>(reader: Reader<A>): Reader<ReadonlyArray<A> | null> =>
  (value, at, reading) => {
    if (absent(value)) return null
    if (Array.isArray(value)) return value.map((item) => reader(item, at, reading))
    mismatch(value, at, "[]interface", reading)
    return null
  }

/** A map with its keys as given, null when absent. `__proto__` is a key like any other. */
export const map =
  <A>(reader: Reader<A>): Reader<Readonly<Record<string, A>> | null> =>
  (value, at, reading) => {
    if (absent(value)) return null
    if (isObject(value)) {
      for (const key of Object.keys(value)) refuseNul(key, at, reading)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reader(item, at, reading)]))
    }
    mismatch(value, at, "map", reading)
    return null
  }

/** Docker's `strslice`: a string counts as a list of one. */
export const words: Reader<ReadonlyArray<string> | null> = (value, at, reading) =>
  typeof value === "string" ? [text(value, at, reading)] : list(text)(value, at, reading)

/** Keys only: `{"80/tcp":{}}`. */
export const keys: Reader<Readonly<Record<string, Readonly<Record<string, never>>>> | null> = map(() => ({}))

/** A struct: every field of the table, absent ones at their zero value. */
export const struct =
  <T extends Fields>(fields: T): Reader<Shape<T>> =>
  (value, at, reading) => {
    const given = new Map<string, unknown>()
    if (isObject(value)) for (const [key, item] of Object.entries(value)) given.set(key.toLowerCase(), item)
    else if (!absent(value)) mismatch(value, at, at.split(".").at(-1) ?? "struct", reading)
    // The table's keys and readers decide the shape, entry by entry.
    return Object.fromEntries(
      Object.entries(fields).map(([name, reader]) => [
        name,
        reader(given.get(name.toLowerCase()), `${at}.${name}`, reading)
      ])
    ) as Shape<T>
  }

const isEmpty = (value: unknown) =>
  value === null ||
  value === "" ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0)

/** Go's `omitempty`: a copy without the named fields that hold nothing. */
export const omitEmpty = <T extends object>(value: T, names: ReadonlySet<string>): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([name, item]) => !names.has(name) || !isEmpty(item))) as Partial<T>

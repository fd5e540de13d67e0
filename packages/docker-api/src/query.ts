import { BadRequest } from "@sockerless/http-bridge"
import { Effect } from "effect"

/** Docker's booleans: nothing, `0`, `no`, `false` and `none` are false, anything else is true. */
export const truthy = (query: URLSearchParams, name: string): boolean => {
  const value = (query.get(name) ?? "").trim().toLowerCase()
  return !(value === "" || value === "0" || value === "no" || value === "false" || value === "none")
}

/** As `truthy`, with a value for "not given". */
export const truthyOr = (query: URLSearchParams, name: string, otherwise: boolean): boolean =>
  query.has(name) ? truthy(query, name) : otherwise

/** A whole number, undefined when not given; Go's text when it is none. */
export const wholeNumber = (query: URLSearchParams, name: string): Effect.Effect<number | undefined, BadRequest> => {
  const value = query.get(name)
  if (value === null || value === "") return Effect.succeed(undefined)
  return /^[+-]?\d{1,15}$/.test(value)
    ? Effect.succeed(Number(value))
    : Effect.fail(new BadRequest({ message: `strconv.Atoi: parsing "${value}": invalid syntax` }))
}

/** `seconds[.nanoseconds]` since the epoch, or RFC 3339, as nanoseconds; undefined when not given. */
export const instantNanos = (query: URLSearchParams, name: string): Effect.Effect<bigint | undefined, BadRequest> => {
  const value = query.get(name) ?? ""
  if (value === "") return Effect.succeed(undefined)
  const unix = /^(-?\d{1,12})(?:\.(\d{1,9})\d*)?$/.exec(value)
  if (unix !== null) {
    return Effect.succeed(BigInt(unix[1] ?? "0") * 1_000_000_000n + BigInt((unix[2] ?? "").padEnd(9, "0")))
  }
  const calendar = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(value)
  const millis = calendar === null ? Number.NaN : Date.parse(`${calendar[1]}${calendar[3]}`)
  return Number.isNaN(millis)
    ? Effect.fail(new BadRequest({ message: `invalid value for "${name}": "${value}" is not a time` }))
    : Effect.succeed(BigInt(millis) * 1_000_000n + BigInt((calendar?.[2] ?? "").padEnd(9, "0")))
}

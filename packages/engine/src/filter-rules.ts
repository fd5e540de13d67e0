import { Effect } from "effect"
import { type DockerFault, invalid } from "./faults.ts"
import type { Filters } from "./filters.ts"

/** Docker's refusal of a filter it does not know. */
export const checkFilterKeys = (filters: Filters, allowed: ReadonlySet<string>): Effect.Effect<void, DockerFault> => {
  const unknown = [...filters.keys()].find((key) => !allowed.has(key))
  return unknown === undefined ? Effect.void : Effect.fail(invalid(`invalid filter '${unknown}'`))
}

/** `key` or `key=value`; all must hold. */
export const matchesLabels = (labels: Readonly<Record<string, string>>, wanted: ReadonlyArray<string>): boolean =>
  wanted.every((text) => {
    const at = text.indexOf("=")
    if (at === -1) return Object.hasOwn(labels, text)
    const key = text.slice(0, at)
    return Object.hasOwn(labels, key) && labels[key] === text.slice(at + 1)
  })

/** Docker's `label!`: none may hold. */
export const lacksLabels = (labels: Readonly<Record<string, string>>, unwanted: ReadonlyArray<string>): boolean =>
  unwanted.every((text) => !matchesLabels(labels, [text]))

/** Values of one key are alternatives; an absent key matches everything. */
export const anyValue = (filters: Filters, key: string, test: (value: string) => boolean): boolean => {
  const values = filters.get(key)
  return values === undefined || values.length === 0 || values.some(test)
}

const TRUE = new Set(["1", "t", "T", "true", "TRUE", "True"])
const FALSE = new Set(["0", "f", "F", "false", "FALSE", "False"])

/** A filter that takes a truth value; undefined when it is not given. */
export const booleanFilter = (filters: Filters, key: string): Effect.Effect<boolean | undefined, DockerFault> => {
  const [value] = filters.get(key) ?? []
  if (value === undefined) return Effect.succeed(undefined)
  if (TRUE.has(value)) return Effect.succeed(true)
  if (FALSE.has(value)) return Effect.succeed(false)
  return Effect.fail(invalid(`invalid filter '${key}=[${value}]'`))
}

/** Longer than any duration or time. */
const UNTIL_CHARS = 64

/** `until` of prune: a Go duration back from now, or a time. Milliseconds since the epoch. */
export const untilMillis = (text: string): Effect.Effect<number, DockerFault> => {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  if (text.length > UNTIL_CHARS) return Effect.fail(invalid('invalid value for "until" filter'))
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length > 0 && parts.map(([part]) => part).join("") === text) {
    const sum = parts.reduce((total, [, value = "0", unit = "s"]) => total + Number(value) * (units[unit] ?? 0), 0)
    return Effect.succeed(Date.now() - sum)
  }
  const time = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  return Number.isNaN(time) ? Effect.fail(invalid(`invalid value for "until" filter: ${text}`)) : Effect.succeed(time)
}

import { unprocessable } from "../faults.ts"

/** One `name:value` of a query. */
export interface Qualifier {
  readonly name: string
  readonly value: string
  readonly negated: boolean
}

export interface Query {
  readonly qualifiers: ReadonlyArray<Qualifier>
  /** What is looked for in the text, in lower case. */
  readonly words: ReadonlyArray<string>
}

const TOKEN = /(-?)([\w-]+):("(?:[^"\\]|\\.)*"|\S+)|"((?:[^"\\]|\\.)*)"|(\S+)/g

const unquote = (text: string): string => (text.startsWith('"') ? text.slice(1, -1).replaceAll('\\"', '"') : text)

/** Reads GitHub's query language; a qualifier that `known` does not name is GitHub's 422 and never ignored. */
export const parseQuery = (text: string, known: ReadonlySet<string>): Query => {
  const qualifiers: Array<Qualifier> = []
  const words: Array<string> = []
  for (const [, minus = "", name, value = "", quoted, word] of text.matchAll(TOKEN)) {
    if (name === undefined) {
      const found = quoted ?? word ?? ""
      if (found !== "AND" && found !== "OR") words.push(found.toLowerCase())
      continue
    }
    if (!known.has(name.toLowerCase())) {
      // A web address or a time of day looks like a qualifier and is none.
      if (/^(https?|\d+)$/.test(name)) {
        words.push(`${name}:${value}`.toLowerCase())
        continue
      }
      throw unprocessable("Validation Failed", `The search contains an unknown qualifier: ${name}`)
    }
    qualifiers.push({ name: name.toLowerCase(), value: unquote(value), negated: minus === "-" })
  }
  return { qualifiers, words }
}

const DAY = 86_400_000

const timeOf = (text: string): number => {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw unprocessable("Validation Failed", `"${text}" is not a recognized date/time format.`)
  return at
}

/** Whether a number or time lies in GitHub's `>=n`, `a..b`, `n` and the like. */
export const inRange = (value: number, range: string, read: (text: string) => number, unit = 0): boolean => {
  const [from, to] = range.split("..")
  if (from !== undefined && to !== undefined) {
    return (from === "*" || value >= read(from)) && (to === "*" || value < read(to) + (unit === 0 ? 1 : unit))
  }
  const [, sign = "", text = ""] = /^([<>]=?)?(.*)$/.exec(range) ?? []
  const bound = read(text)
  if (sign === ">") return value >= bound + (unit === 0 ? 1 : unit)
  if (sign === ">=") return value >= bound
  if (sign === "<") return value < bound
  if (sign === "<=") return value < bound + (unit === 0 ? 1 : unit)
  return value >= bound && value < bound + (unit === 0 ? 1 : unit)
}

/** Whether a time lies in a range of days or times. */
export const inTimes = (at: number, range: string): boolean =>
  inRange(at, range, timeOf, range.includes("T") ? 1000 : DAY)

/** Whether a count lies in a range of numbers. */
export const inNumbers = (count: number, range: string): boolean =>
  inRange(count, range, (text) => {
    const number = Number(text)
    if (!Number.isFinite(number)) throw unprocessable("Validation Failed", `"${text}" is not a number.`)
    return number
  })

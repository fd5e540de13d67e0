import { Effect } from "effect"
import type { Filters } from "./filters.ts"

/** Longer patterns are compared as text: no client sends one, and matching costs pattern times name. */
const PATTERN_CHARS = 256

type Test = (text: string) => boolean

/** Without groups and with one repetition at most, backtracking has nothing to multiply. */
const isPlain = (source: string): boolean => !source.includes("(") && (source.match(/[*+?{]/g)?.length ?? 0) <= 1

/**
 * A test by a regular expression that a client wrote: in time linear to the text, whatever it says, by RE2, whose
 * grammar is also Go's and so Docker's. Undefined when it is none. RE2 is loaded when a pattern needs it.
 */
const expressionTest = (source: string): Effect.Effect<Test | undefined> =>
  Effect.gen(function* () {
    if (isPlain(source)) {
      const expression = new RegExp(source)
      return (text: string) => expression.test(text)
    }
    const { RE2JS } = yield* Effect.promise(() => import("re2js"))
    const expression = RE2JS.compile(source)
    return (text: string) => expression.matcher(text).find()
  }).pipe(
    // Only what the two compilers throw about the pattern comes here.
    Effect.catchDefect(() => Effect.succeed(undefined))
  )

const nameTest = (pattern: string): Effect.Effect<Test> =>
  pattern.length > PATTERN_CHARS
    ? Effect.succeed((name) => name.includes(pattern))
    : // Not a regular expression: Docker falls back to equality.
      Effect.map(expressionTest(pattern), (test) => test ?? ((name) => name === pattern))

const any =
  (tests: ReadonlyArray<Test>): Test =>
  (text) =>
    tests.length === 0 || tests.some((test) => test(text))

/** The test of a filter whose values are regular expressions: any of them may match; without values everything does. */
export const patternFilter = (filters: Filters, key: string): Effect.Effect<Test> =>
  Effect.map(Effect.forEach(filters.get(key) ?? [], nameTest), any)

/** `*` within one path element, `?` one character: the glob of `reference=`. */
const globSource = (pattern: string): string =>
  `^${pattern
    .split("")
    .map((letter) =>
      letter === "*" ? "[^/]*" : letter === "?" ? "[^/]" : letter.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    )
    .join("")}$`

const globTest = (pattern: string): Effect.Effect<Test> =>
  pattern.length > PATTERN_CHARS
    ? Effect.succeed((text) => text === pattern)
    : Effect.map(expressionTest(globSource(pattern)), (test) => test ?? ((text) => text === pattern))

/** As `patternFilter`, for values that are globs. */
export const globFilter = (filters: Filters, key: string): Effect.Effect<Test> =>
  Effect.map(Effect.forEach(filters.get(key) ?? [], globTest), any)

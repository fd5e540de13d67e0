import { describe, it } from "@effect/vitest"
import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { assert } from "vitest"
import { faultOf, makeBench } from "./bench.ts"
import { control } from "./control.ts"
import { endings } from "./endings.ts"
import { execs } from "./execs.ts"
import { files } from "./files.ts"
import { lifecycle } from "./lifecycle.ts"
import { networks } from "./networks.ts"
import type { Row } from "./row.ts"
import { streams } from "./streams.ts"
import type { ContractOptions, Refusal } from "./subject.ts"

/** A busy machine may take long; a hang must still end. */
const LIMIT_MILLIS = 120_000

const rows = { ...lifecycle, ...endings, ...streams, ...execs, ...files, ...control, ...networks }

/** Names of the lines of the conformance table. */
export type ContractRow = keyof typeof rows

const named: ReadonlyArray<readonly [ContractRow, Row]> = Object.entries(rows).map(
  ([name, row]) => [name as ContractRow, row] as const
)

type Options = ContractOptions<ContractRow>

/** The conformance table as a README shows it. */
const tableOf = (options: Options): string =>
  [
    "| capability | promise | |",
    "| --- | --- | --- |",
    `| check | \`check\` refuses by name: ${options.refusals.map(({ option }) => option).join(", ")} | yes |`,
    ...named.map(([name, { promise }]) => {
      const off = options.off?.[name]
      return `| ${name} | ${promise} | ${off === undefined ? "yes" : `off: ${off}`} |`
    })
  ].join("\n")

/** A formatter may align the columns. */
const withoutPadding = (text: string): string => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---")

const isRefusedByName = (fault: Fault, backend: string, words: ReadonlyArray<string>): void => {
  assert.include(["invalid", "not-implemented"], fault.kind, fault.message)
  for (const word of [backend, ...words]) assert.include(fault.message, word)
}

const checkTests = (options: Options, refusals: ReadonlyArray<Refusal>): void => {
  describe("check", () => {
    it.live(
      "accepts a plain container, and warns of nothing",
      () =>
        Effect.scoped(
          Effect.gen(function* () {
            const bench = yield* makeBench(options.make)
            assert.deepStrictEqual(yield* bench.backend.check(bench.launch({ do: "idle" }).spec), [])
          })
        ),
      LIMIT_MILLIS
    )
    for (const { option, ask, says } of refusals) {
      it.live(
        `refuses ${option} by name`,
        () =>
          Effect.scoped(
            Effect.gen(function* () {
              const bench = yield* makeBench(options.make)
              const fault = yield* faultOf(bench.backend.check(ask(bench.launch({ do: "idle" }).spec)))
              isRefusedByName(fault, bench.backend.name, says)
            })
          ),
        LIMIT_MILLIS
      )
    }
  })
}

const rowTests = (options: Options, name: ContractRow, row: Row): void => {
  if (options.off?.[name] === undefined) {
    describe(name, () => {
      for (const [title, test] of Object.entries(row.tests)) {
        it.live(title, () => Effect.scoped(Effect.flatMap(makeBench(options.make), test)), LIMIT_MILLIS)
      }
    })
    return
  }
  it.live(
    `${name} is off and refused by name`,
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          if (row.refused === undefined) throw new Error(`no backend may leave out "${name}"`)
          const bench = yield* makeBench(options.make)
          const fault = yield* faultOf(row.refused.attempt(bench))
          isRefusedByName(fault, bench.backend.name, [row.refused.operation])
        })
      ),
    LIMIT_MILLIS
  )
}

/**
 * Signs the contract: every backend runs these tests unchanged against the place itself. What a backend cannot do is
 * named in `off` and must be refused; its README must show the table that results.
 */
export const backendContract = (name: string, options: Options): void => {
  const title = `${name} signs the backend contract${options.missing === undefined ? "" : ` (${options.missing})`}`
  describe.skipIf(options.missing !== undefined)(`${title}`, () => {
    checkTests(options, options.refusals)
    for (const [row, tests] of named) rowTests(options, row, tests)
  })
  if (options.readme === undefined) return
  const { readme } = options
  it(`${name}: the README shows the conformance table`, () => {
    assert.include(withoutPadding(readFileSync(readme, "utf8")), withoutPadding(tableOf(options)))
  })
}

import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { operationTable } from "../src/index.ts"

it("the table that the server is built with is GitHub's description of today's dependency", () => {
  const kept: ReadonlyArray<string> = JSON.parse(
    readFileSync(new URL("../../rest/src/operations/table.json", import.meta.url), "utf8")
  )
  assert.deepStrictEqual(kept, operationTable())
  assert.strictEqual(kept.length, 1223)
})

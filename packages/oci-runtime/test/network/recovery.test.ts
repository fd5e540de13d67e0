import { assert, describe, it } from "@effect/vitest"
import { inOwnMachine, missing } from "./in-own-machine.ts"

describe.skipIf(missing !== undefined)(`recovery${missing === undefined ? "" : ` (${missing})`}`, () => {
  it("leaves nothing after a kill at any point, brings back what is wanted and spares what is not ours", async () => {
    const seen = await inOwnMachine("recovery")
    assert.deepStrictEqual(
      seen.facts,
      [
        "points: 18",
        "the other daemon's container: alive",
        "without bridge and rules: nothing",
        'recovered {"removed":[],"restoredBridges":["sl-kept"],"lost":[]}: alive',
        'again {"removed":[],"restoredBridges":[],"lost":[]}',
        "table ip foreign",
        "neighbour",
        "foreign"
      ],
      seen.stderr
    )
    assert.strictEqual(seen.ended, 0)
  }, 60_000)
})

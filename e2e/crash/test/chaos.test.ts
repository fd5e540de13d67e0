import { killpointNames } from "@sockerless/killpoints"
import { assert, describe, it } from "vitest"
import { chaos } from "../src/chaos.ts"
import { makeRandom } from "../src/random.ts"

const SEED = 2026
const POINTS = 24
/** The whole list is `pnpm chaos`; here the seed takes a sample. */
const sample = makeRandom(SEED).shuffled(killpointNames).slice(0, POINTS)

describe("kill -9 in the middle of everything", () => {
  it("loses nothing and leaves nothing", { timeout: 600_000 }, async () => {
    const said: Array<string> = []
    const options = { seed: SEED, kills: 12, points: sample, again: [], withinMillis: 90_000 }
    const report = await chaos({ ...options, say: (line) => void said.push(line) }).catch((error: unknown) => {
      throw new Error(said.join("\n"), { cause: error })
    })
    assert.isAtLeast(report.kills, 1)
    assert.deepStrictEqual(report.pointsMissed, [])
  })
})

import { assert, describe, it } from "vitest"
import { chaos } from "../src/chaos.ts"

describe("kill -9", () => {
  it("at random moments loses nothing", { timeout: 300_000 }, async () => {
    const report = await chaos({ seed: 20_26, kills: 12, points: [], again: [], say: () => undefined })
    assert.isAtLeast(report.kills, 12)
  })
})

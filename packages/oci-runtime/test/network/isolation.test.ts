import { assert, describe, it } from "@effect/vitest"
import { inOwnMachine, missing } from "./in-own-machine.ts"

describe.skipIf(missing !== undefined)(`isolation${missing === undefined ? "" : ` (${missing})`}`, () => {
  for (const bridgeNetfilter of ["1", "0"])
    it(`holds between bridges, internal networks and icc=false, bridge netfilter ${bridgeNetfilter}`, async () => {
      const seen = await inOwnMachine("isolation", { BRIDGE_NETFILTER: bridgeNetfilter })
      assert.deepStrictEqual(
        seen.facts,
        [
          "bridge to bridge: nothing",
          "inside an internal network: reached",
          "internal to outside: nothing",
          "bridge to internal: nothing",
          "internal to outside with a forged route: nothing",
          "icc off, same bridge: nothing",
          "icc off, outside: reached",
          "host to container: reached",
          "none has: lo UNKNOWN 127.0.0.1/8 ::1/128",
          "bridge to bridge, published: reached",
          "icc off, published, from its neighbour: reached",
          "after connect: reached",
          "after disconnect: nothing"
        ],
        seen.stderr
      )
      assert.strictEqual(seen.ended, 0)
    }, 40_000)
})

import { plainSpec } from "@sockerless/backend-contract/suite"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { checkSpec } from "../src/check.ts"
import { fargateSize } from "../src/fargate-size.ts"
import { handleOf, stateOf } from "../src/handle.ts"

const GIBIBYTE = 1024 ** 3
const image = { id: `sha256:${"0".repeat(64)}`, reference: "busybox", platform: "linux/amd64" }

/** A container as `docker create --runtime=ecs` makes it. */
const plain = (change: Parameters<typeof plainSpec>[2] = {}) => {
  const spec = plainSpec(image, ["true"], { runtime: "ecs", ...change })
  return { ...spec, network: { ...spec.network, mode: "bridge", ...change.network } }
}

describe("Fargate sizes", () => {
  it("are the smallest that have enough of both", () => {
    assert.deepStrictEqual(fargateSize(0, 0), { cpuUnits: 256, memoryMebibytes: 512 })
    assert.deepStrictEqual(fargateSize(256, 2049), { cpuUnits: 512, memoryMebibytes: 3072 })
    assert.deepStrictEqual(fargateSize(1500, 100), { cpuUnits: 2048, memoryMebibytes: 4096 })
    assert.deepStrictEqual(fargateSize(16_384, 122_880), { cpuUnits: 16_384, memoryMebibytes: 122_880 })
    assert.isUndefined(fargateSize(16_385, 0))
    assert.isUndefined(fargateSize(0, 122_881))
  })
})

describe("check", () => {
  it.effect("accepts a plain container without a word", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* checkSpec(plain()), [])
    })
  )

  it.effect("tells a size that is rounded up, and none that fits", () =>
    Effect.gen(function* () {
      const rounded = yield* checkSpec(plain({ resources: { memoryBytes: 3 * GIBIBYTE, nanoCpus: 300_000_000 } }))
      assert.deepStrictEqual(rounded, ["Fargate gives this container 0.5 CPUs and 3072 MiB"])
      assert.deepStrictEqual(yield* checkSpec(plain({ resources: { memoryBytes: GIBIBYTE / 2 } })), [])
    })
  )

  it.effect("refuses each option that a task cannot honour, naming it and the way out", () =>
    Effect.gen(function* () {
      const cases = [
        [plain({ process: { tty: true } }), "a terminal (-t)"],
        [plain({ process: { openStdin: true } }), "standard input (-i)"],
        [plain({ network: { ...plain().network, mode: "host" } }), "the host network"],
        [plain({ network: { ...plain().network, mode: "mine" } }), "user-defined networks"],
        [plain({ stopTimeoutSeconds: 121 }), "a stop timeout above 120 s"],
        [plain({ logging: { driver: "json-file", options: { "max-size": "1m" } } }), "log options"],
        [plain({ resources: { memoryBytes: 200 * GIBIBYTE } }), "0 CPUs with 204800 MiB"]
      ] as const
      for (const [spec, option] of cases) {
        const fault = yield* Effect.flip(checkSpec(spec))
        assert.include(fault.message, `backend ecs does not support ${option}: `)
        assert.strictEqual(fault.kind, "invalid")
      }
    })
  )
})

describe("a handle", () => {
  it.effect("is read back as it was written, and refused when another version wrote it", () =>
    Effect.gen(function* () {
      const state = { id: "a", definitionArn: "arn:d", run: 2, taskArn: "arn:t" }
      assert.deepStrictEqual(yield* stateOf(handleOf(state)), state)
      const fault = yield* Effect.flip(stateOf({ ...handleOf(state), version: 2 }))
      assert.strictEqual(fault._tag, "HandleUnknown")
    })
  )
})

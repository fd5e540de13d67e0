import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"

const module = new URL("../src/index.ts", import.meta.url).href

const pass = (times: number, arming: string) =>
  spawnSync(
    process.execPath,
    [
      "--input-type=module-typescript",
      "-e",
      `const { killpoint } = await import(${JSON.stringify(module)}); for (let i = 0; i < ${times}; i++) killpoint("a.b.c")`
    ],
    { encoding: "utf8", env: { ...process.env, SOCKERLESSD_KILLPOINTS: arming } }
  )

describe("killpoint", () => {
  it("does nothing unless it is armed", () => {
    assert.strictEqual(pass(10, "").status, 0)
    assert.strictEqual(pass(10, "other.point:1").status, 0)
  })

  it("kills at exactly the n-th pass", () => {
    assert.strictEqual(pass(2, "a.b.c:3").status, 0)
    assert.strictEqual(pass(3, "a.b.c:3").signal, "SIGKILL")
  })

  it("refuses an arming it cannot read", () => {
    assert.include(pass(1, "a.b.c:zero").stderr, "is not name:n[:action]")
  })
})

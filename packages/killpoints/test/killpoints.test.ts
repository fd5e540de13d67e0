import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { killpointNames } from "../src/index.ts"

const module = new URL("../src/index.ts", import.meta.url).href

const pass = (times: number, arming: string) =>
  spawnSync(
    process.execPath,
    [
      "--input-type=module-typescript",
      "-e",
      `const { killpoint } = await import(${JSON.stringify(module)}); for (let i = 0; i < ${times}; i++) killpoint("store.commit.before")`
    ],
    { encoding: "utf8", env: { ...process.env, SOCKERLESSD_KILLPOINTS: arming } }
  )

describe("killpoint", () => {
  it("does nothing unless it is armed", () => {
    assert.strictEqual(pass(10, "").status, 0)
    assert.strictEqual(pass(10, "other.point:1").status, 0)
  })

  it("kills at exactly the n-th pass", () => {
    assert.strictEqual(pass(2, "store.commit.before:3").status, 0)
    assert.strictEqual(pass(3, "store.commit.before:3").signal, "SIGKILL")
  })

  it("is armed by a file for one life only", () => {
    const folder = mkdtempSync(join(tmpdir(), "killpoints-"))
    const file = join(folder, "armed")
    assert.strictEqual(pass(1, `@${file}`).status, 0)
    writeFileSync(file, "store.commit.before:1\n")
    assert.strictEqual(pass(1, `@${file}`).signal, "SIGKILL")
    assert.isFalse(existsSync(file))
    assert.strictEqual(pass(1, `@${file}`).status, 0)
    rmSync(folder, { recursive: true })
  })

  it("is armed by a file for the next life with what is left", () => {
    const folder = mkdtempSync(join(tmpdir(), "killpoints-"))
    const file = join(folder, "armed")
    writeFileSync(file, "store.commit.before:1,engine.recovery.done:2\n")
    assert.strictEqual(pass(1, `@${file}`).signal, "SIGKILL")
    assert.strictEqual(readFileSync(file, "utf8"), "engine.recovery.done:2")
    rmSync(folder, { recursive: true })
  })

  it("has one name for one place", () => {
    assert.strictEqual(new Set(killpointNames).size, killpointNames.length)
  })

  it("refuses an arming it cannot read", () => {
    assert.include(pass(1, "store.commit.before:zero").stderr, "is not name:n[:action]")
  })
})

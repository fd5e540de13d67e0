import { statSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { build } from "tsup"
import options from "../tsup.config.ts"
import { Stage, textOf, until } from "./stage.ts"

describe("the built agent", () => {
  it("is one file that runs, talks and packs without any package but the terminal's", async () => {
    const stage = await Stage.open()
    try {
      assert.isFalse(Array.isArray(options) || typeof options === "function")
      const entry = { agent: join(import.meta.dirname, "../src/main.ts") }
      await build({ ...options, entry, config: false, outDir: join(stage.folder, "dist"), silent: true })
      const program = join(stage.folder, "dist/agent.js")
      assert.isBelow(statSync(program).size, 400_000)
      symlinkSync(join(import.meta.dirname, "../node_modules"), join(stage.folder, "node_modules"))
      const workload = await stage.daemon()
      const { exit } = stage.agent(["sh", "-c", "echo out; until [ -e go ]; do sleep 0.05; done; exit 4"], { program })
      await until("it speaks", () => textOf(stage.records, 1) === "out\n")
      const { tar } = await Effect.runPromise(workload.pull(join(stage.folder, "dist")))
      assert.isAtLeast((await buffer(tar)).length, statSync(program).size)
      const exec = workload.exec(
        "tty",
        { argv: ["touch", join(stage.folder, "go")], env: [], workingDir: "/", user: "", tty: true, stdin: false },
        async () => {}
      )
      assert.strictEqual((await exec.exit).exitCode, 0)
      assert.strictEqual((await workload.main.exit).exitCode, 4)
      workload.main.done()
      assert.strictEqual(await exit, 4)
    } finally {
      await stage.close()
    }
  }, 120_000)
})

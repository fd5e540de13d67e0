import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { registryKillpointNames } from "@sockerless/killpoints"
import { Effect } from "effect"
import { Ledger } from "../src/index.ts"
import { folderPlace } from "./folder-place.ts"
import { ledgerIn, planIn, scenario } from "./scenario.ts"

/** The one within recovery is passed only after another kill. */
const points = registryKillpointNames.filter((point) => point !== "registry.recover.after-one")

const dieAt = (folder: string, arming: string) =>
  Effect.callback<{ readonly signal: string | null; readonly stderr: string }>((resume) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "scenario.ts"), folder], {
      env: { ...process.env, SOCKERLESSD_KILLPOINTS: arming },
      stdio: ["ignore", "ignore", "pipe"]
    })
    let stderr = ""
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()))
    child.on("close", (_, signal) => resume(Effect.succeed({ signal, stderr })))
  })

/** What no crash may break: nothing made twice, nothing in the place without a live record, no record without it. */
const sound = Effect.fnUntraced(function* (folder: string) {
  const { list, made } = folderPlace(folder)
  assert.deepStrictEqual(made().toSorted(), [...new Set(made())].toSorted())
  const { resources, operations } = yield* (yield* Ledger).view
  const live = resources.filter((entry) => entry.state !== "gone").map((entry) => entry.id)
  const there = list().filter(({ id, token }) => token !== "stray" || live.includes(id))
  assert.deepStrictEqual(live.toSorted(), there.map(({ id }) => id).toSorted())
  assert.deepStrictEqual(
    operations.filter(({ state }) => state === "open" || state === "undoing"),
    []
  )
})

const settleAfter = (folder: string) =>
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const report = yield* ledger.recover(yield* planIn(folder))
    assert.deepStrictEqual(report.failed, [])
    assert.deepStrictEqual(report.waiting, [])
    yield* sound(folder)
    yield* scenario(folder)
    yield* sound(folder)
    assert.deepStrictEqual(
      folderPlace(folder)
        .list()
        .map(({ token }) => token),
      ["stray"]
    )
    assert.isFalse(yield* ledger.claim("one", 1, "agent-b"))
  }).pipe(Effect.provide(ledgerIn(folder)))

const inFolder = <A, E>(use: (folder: string) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "registry-"))),
    use,
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )

describe("killed at", () => {
  for (const point of [...points, "store.commit.before", "store.commit.after"]) {
    for (const pass of point.startsWith("store.") ? [2, 11] : [1]) {
      it.live(
        `${point}, pass ${pass}`,
        () =>
          inFolder((folder) =>
            Effect.gen(function* () {
              const { signal, stderr } = yield* dieAt(folder, `${point}:${pass}`)
              assert.strictEqual(signal, "SIGKILL", stderr)
              yield* settleAfter(folder)
            })
          ),
        120_000
      )
    }
  }

  it.live(
    "one point after another, also while it recovers",
    () =>
      inFolder((folder) =>
        Effect.gen(function* () {
          for (const arming of [
            "registry.make.after-call:3",
            "registry.recover.after-one:1",
            "registry.undo.after-intent:1",
            "registry.dispose.after-call:1",
            "registry.dispose.after-intent:2",
            "registry.bury.before-outcome:1"
          ]) {
            yield* dieAt(folder, arming)
          }
          yield* settleAfter(folder)
        })
      ),
    120_000
  )
})

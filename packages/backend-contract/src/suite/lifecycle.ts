import { Effect } from "effect"
import { assert } from "vitest"
import { eventually } from "./bench.ts"
import type { Row } from "./row.ts"
import { newId } from "./spec.ts"

/** Creating, starting, finding again and removing. */
export const lifecycle = {
  start: {
    promise: "`create` and `start` make one workload per intent, and say when and what runs",
    tests: {
      "a repeated create with the same intent adopts what exists": (bench) =>
        Effect.gen(function* () {
          const launch = bench.launch({ do: "print", stdout: "once", stderr: "", code: 0 })
          const intent = { id: newId() }
          const first = yield* bench.backend.create(launch, intent)
          assert.deepStrictEqual(yield* bench.backend.create(launch, intent), first)
          const made = yield* bench.create(launch)
          yield* bench.start(made)
          yield* bench.exitOf(launch.spec.id)
          assert.deepStrictEqual(yield* bench.printed(made), { stdout: "once", stderr: "" })
        }),
      "a start returns a running process, its time and its handle": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" })
          assert.isAbove(made.started.pid, 0)
          assert.match(made.started.startedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
          assert.strictEqual(made.handle.backend, bench.backend.name)
          const seen = yield* bench.backend.adopt(made.launch, made.handle)
          assert.strictEqual(seen._tag, "Running")
        }),
      "one that has ended can be started again": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.create(bench.launch({ do: "print", stdout: "x", stderr: "", code: 3 }))
          for (const output of ["x", "xx"]) {
            const { pid } = yield* bench.start(made)
            const exit = yield* bench.exitOf(made.launch.spec.id)
            assert.deepStrictEqual([exit.pid, exit.exitCode], [pid, 3])
            assert.strictEqual((yield* bench.printed(made)).stdout, output)
          }
        })
    }
  },
  adopt: {
    promise: "`adopt` tells the truth about a workload, also to a process that did not start it",
    tests: {
      "before, during and after a run": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.create(bench.launch({ do: "await-signal", signal: "USR1", code: 9 }))
          const { id } = made.launch.spec
          assert.strictEqual((yield* bench.backend.adopt(made.launch, made.handle))._tag, "Created")
          const { handle, pid } = yield* bench.start(made)
          const second = yield* bench.subject.secondLife
          const seen = yield* second.adopt(made.launch, handle)
          assert.strictEqual(seen._tag === "Running" ? seen.started.pid : seen._tag, pid)
          yield* eventually(
            Effect.filterOrFail(
              bench.printed({ launch: made.launch, handle }),
              ({ stdout }) => stdout === "ready\n",
              () => "not ready"
            )
          ).pipe(Effect.orDie)
          yield* bench.backend.signal(handle, 10)
          assert.strictEqual((yield* bench.exitOf(id)).exitCode, 9)
          const third = yield* bench.subject.secondLife
          const ended = yield* third.adopt(made.launch, handle)
          assert.strictEqual(ended._tag === "Exited" ? ended.exit.exitCode : ended._tag, 9)
          yield* bench.backend.remove(id, handle)
          assert.strictEqual((yield* third.adopt(made.launch, handle))._tag, "Absent")
        })
    }
  },
  remove: {
    promise: "`remove` kills what runs, keeps nothing, and succeeds for what is not there",
    tests: {
      "of a running one, twice, and of one that never was": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" })
          yield* bench.backend.remove(made.launch.spec.id, made.handle)
          assert.strictEqual((yield* bench.backend.adopt(made.launch, made.handle))._tag, "Absent")
          yield* bench.backend.remove(made.launch.spec.id, made.handle)
          yield* bench.backend.remove(newId(), undefined)
        }),
      "recovery removes what nobody knows": (bench) =>
        Effect.gen(function* () {
          const known = yield* bench.running({ do: "idle" })
          const stray = yield* bench.running({ do: "idle" })
          const second = yield* bench.subject.secondLife
          const report = yield* second.recover({ workloads: [known], networks: [], volumes: [] })
          assert.include(report.removed, stray.launch.spec.id)
          assert.strictEqual((yield* second.adopt(known.launch, known.handle))._tag, "Running")
          assert.notStrictEqual((yield* second.adopt(stray.launch, stray.handle))._tag, "Running")
        })
    }
  }
} satisfies Readonly<Record<string, Row>>

import { Effect } from "effect"
import { assert } from "vitest"
import { allLogs, faultOf, readUntil } from "./bench.ts"
import type { Row } from "./row.ts"

const SIGTERM = 15
const SIGKILL = 9

/** How workloads end, and how their end is told. */
export const endings = {
  "exit codes": {
    promise: "every end is told once, with the code: 0, 1, 126, 127, 137",
    tests: {
      "what the process says": (bench) =>
        Effect.gen(function* () {
          for (const code of [0, 1, 125, 255]) {
            const made = yield* bench.running({ do: "print", stdout: "", stderr: "", code })
            const exit = yield* bench.exitOf(made.launch.spec.id)
            assert.deepStrictEqual([exit.pid, exit.exitCode, exit.oomKilled], [made.started.pid, code, false])
            assert.isAtLeast(Date.parse(exit.finishedAt), Date.parse(made.started.startedAt))
          }
        }),
      "of many that end before their start has returned": (bench) =>
        Effect.gen(function* () {
          const codes = Array.from({ length: 30 }, (_, at) => at)
          const seen = yield* Effect.forEach(
            codes,
            (code) => bench.running({ do: "print", stdout: `${code}`, stderr: "", code }),
            { concurrency: 30 }
          )
          for (const [code, made] of seen.entries()) {
            assert.strictEqual((yield* bench.exitOf(made.launch.spec.id)).exitCode, code)
            assert.strictEqual((yield* bench.printed(made)).stdout, `${code}`)
          }
        }),
      "127 for a program that is not there, 126 for one that may not be executed": (bench) =>
        Effect.gen(function* () {
          const startOf = (argv: ReadonlyArray<string>) =>
            Effect.gen(function* () {
              const made = yield* bench.create(bench.launch(argv))
              const fault = yield* faultOf(bench.backend.start(made.launch, made.handle, { id: made.launch.spec.id }))
              assert.notStrictEqual((yield* bench.backend.adopt(made.launch, made.handle))._tag, "Running")
              return fault
            })
          const missing = yield* startOf(["no-such-program"])
          assert.strictEqual(missing.exitCode, 127)
          assert.include(missing.message, 'exec: "no-such-program": executable file not found in $PATH')
          const denied = yield* startOf(["/etc/passwd"])
          assert.strictEqual(denied.exitCode, 126)
          assert.include(denied.message, 'exec: "/etc/passwd": permission denied')
        })
    }
  },
  "out of memory": {
    promise: "a kill for memory is told from a kill by signal",
    tests: {
      "137 with the flag, and without it": (bench) =>
        Effect.gen(function* () {
          const hog = yield* bench.running({ do: "hog" }, { resources: { memoryBytes: 16 * 1024 * 1024 } })
          const oom = yield* bench.exitOf(hog.launch.spec.id)
          assert.deepStrictEqual([oom.exitCode, oom.oomKilled], [137, true])
          const idle = yield* bench.running({ do: "idle" })
          yield* bench.backend.signal(idle.handle, SIGKILL)
          const killed = yield* bench.exitOf(idle.launch.spec.id)
          assert.deepStrictEqual([killed.exitCode, killed.oomKilled], [137, false])
        })
    }
  },
  signals: {
    promise: "`signal` reaches the main process, and is a conflict when there is none",
    tests: {
      "handled, fatal and too late": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "await-signal", signal: "TERM", code: 21 })
          const output = yield* bench.backend.logs(made.handle, { ...allLogs, follow: true })
          // Printed once the handler is there.
          yield* readUntil(output, "ready\n")
          yield* bench.backend.signal(made.handle, SIGTERM)
          assert.strictEqual((yield* bench.exitOf(made.launch.spec.id)).exitCode, 21)
          const late = yield* faultOf(bench.backend.signal(made.handle, SIGTERM))
          assert.strictEqual(late.kind, "conflict")
        })
    }
  }
} satisfies Readonly<Record<string, Row>>

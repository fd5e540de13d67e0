import { Effect } from "effect"
import { assert } from "vitest"
import { eventually, faultOf } from "./bench.ts"
import type { Row } from "./row.ts"

const notYet = () => ({ _tag: "NotYet", kind: "failed" as const, message: "not yet" })

/** Looking at and changing what runs. */
export const control = {
  stats: {
    promise: "`stats` counts processor, memory and processes of what runs, and is a conflict where nothing does",
    tests: {
      "while it runs and after": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" }, { resources: { memoryBytes: 64 * 1024 * 1024 } })
          const sample = yield* bench.backend.stats(made.handle)
          assert.isAtLeast(sample.pids.current, 1)
          assert.strictEqual(sample.memory.limitBytes, 64 * 1024 * 1024)
          assert.isAbove(sample.cpu.systemNanos, 0)
          assert.isFalse(Number.isNaN(Date.parse(sample.readAt)))
          yield* bench.backend.signal(made.handle, 9)
          yield* bench.exitOf(made.launch.spec.id)
          assert.strictEqual((yield* faultOf(bench.backend.stats(made.handle))).kind, "conflict")
        })
    },
    refused: {
      operation: "stats",
      attempt: (bench) => Effect.flatMap(bench.running({ do: "idle" }), ({ handle }) => bench.backend.stats(handle))
    }
  },
  top: {
    promise: "`top` lists the workload's processes and nobody else's",
    tests: {
      "with titles": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" })
          const table = yield* bench.backend.top(made.handle, "")
          const pids = table.processes.map((row) => Number(row[table.titles.indexOf("PID")]))
          assert.include(pids, made.started.pid)
          assert.notInclude(pids, process.pid)
        })
    },
    refused: {
      operation: "top",
      attempt: (bench) => Effect.flatMap(bench.running({ do: "idle" }), ({ handle }) => bench.backend.top(handle, ""))
    }
  },
  pause: {
    promise: "`pause` stops the processes and is seen by `adopt`; `resume` lets them go on; a kill ends a paused one",
    tests: {
      "and resume": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" })
          const isPaused = (wanted: boolean) =>
            eventually(
              Effect.filterOrFail(
                bench.backend.adopt(made.launch, made.handle),
                (seen) => seen._tag === "Running" && seen.paused === wanted,
                notYet
              )
            )
          yield* bench.backend.pause(made.handle)
          yield* isPaused(true)
          yield* bench.backend.resume(made.handle)
          yield* isPaused(false)
          yield* bench.backend.pause(made.handle)
          yield* bench.backend.remove(made.launch.spec.id, made.handle)
          assert.strictEqual((yield* bench.backend.adopt(made.launch, made.handle))._tag, "Absent")
        })
    },
    refused: {
      operation: "pause",
      attempt: (bench) => Effect.flatMap(bench.running({ do: "idle" }), ({ handle }) => bench.backend.pause(handle))
    }
  },
  update: {
    promise: "`update` changes limits of what runs",
    tests: {
      "the memory limit": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" }, { resources: { memoryBytes: 64 * 1024 * 1024 } })
          yield* bench.backend.update(made.handle, { memoryBytes: 32 * 1024 * 1024, memorySwapBytes: -1 })
          assert.strictEqual((yield* bench.backend.stats(made.handle)).memory.limitBytes, 32 * 1024 * 1024)
        })
    },
    refused: {
      operation: "update",
      attempt: (bench) =>
        Effect.flatMap(bench.running({ do: "idle" }), ({ handle }) => bench.backend.update(handle, { cpuShares: 2 }))
    }
  }
} satisfies Readonly<Record<string, Row>>

import { Effect } from "effect"
import { assert } from "vitest"
import type { AttachOptions } from "../index.ts"
import { allLogs, bytesOf, readUntil, sizeFollows, unframed } from "./bench.ts"
import type { Row } from "./row.ts"

const attached: AttachOptions = {
  stdin: true,
  stdout: true,
  stderr: true,
  replay: false,
  tty: false,
  stdinOnce: true
}

const terminalProcess = { tty: true, openStdin: true, stdinOnce: true }

/** A workload's output and input. */
export const streams = {
  logs: {
    promise: "`logs` gives every byte of both streams, its last lines, its times, and follows to the end",
    tests: {
      "streams, tail and timestamps": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "print", stdout: "one\ntwo\nthree\n", stderr: "no\n", code: 0 })
          yield* bench.exitOf(made.launch.spec.id)
          assert.deepStrictEqual(yield* bench.printed(made), { stdout: "one\ntwo\nthree\n", stderr: "no\n" })
          assert.deepStrictEqual(yield* bench.printed(made, { stdout: false }), { stdout: "", stderr: "no\n" })
          assert.strictEqual((yield* bench.printed(made, { stderr: false, tail: 0 })).stdout, "")
          const lastTwo = yield* bench.printed(made, { tail: 2 })
          assert.strictEqual(`${lastTwo.stdout}${lastTwo.stderr}`.trimEnd().split("\n").length, 2)
          const timed = yield* bench.printed(made, { timestamps: true, stderr: false })
          const lines = timed.stdout.trimEnd().split("\n")
          assert.deepStrictEqual(
            lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /, "")),
            ["one", "two", "three"]
          )
        }),
      "a follower sees the end": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "await-signal", signal: "USR1", code: 0 })
          const following = yield* bench.backend.logs(made.handle, { ...allLogs, follow: true })
          assert.include(yield* readUntil(following, "ready\n"), "ready\n")
          yield* bench.backend.signal(made.handle, 10)
          assert.strictEqual((yield* bytesOf(following)).length, 0)
          assert.strictEqual((yield* bench.exitOf(made.launch.spec.id)).exitCode, 0)
        })
    }
  },
  stdin: {
    promise: "`attach` before the start gives stdin with its half-close, and output to the last byte",
    tests: {
      "a reader that never reads stalls nobody": (bench) =>
        Effect.gen(function* () {
          const text = "0123456789abcdef\n".repeat(5000)
          const made = yield* bench.create(bench.launch({ do: "print", stdout: text, stderr: "", code: 0 }))
          yield* bench.backend.attach(made.handle, { ...attached, stdin: false })
          yield* bench.start(made)
          assert.strictEqual((yield* bench.exitOf(made.launch.spec.id)).exitCode, 0)
          assert.strictEqual((yield* bench.printed(made)).stdout, text)
        }),
      "what is written comes back after the end of input": (bench) =>
        Effect.gen(function* () {
          const launch = bench.launch({ do: "echo", code: 6 }, { process: { openStdin: true, stdinOnce: true } })
          const made = yield* bench.create(launch)
          const session = yield* bench.backend.attach(made.handle, attached)
          const text = "line\n".repeat(20_000)
          session.input?.end(text)
          yield* bench.start(made)
          assert.deepStrictEqual(unframed(yield* bytesOf(session.output)), { stdout: text, stderr: "" })
          assert.strictEqual((yield* bench.exitOf(launch.spec.id)).exitCode, 6)
        }),
      "without `stdinOnce` the end of one client's input is not the process's": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "echo", code: 0 }, { process: { openStdin: true } })
          const options = { ...attached, stdinOnce: false }
          const first = yield* bench.backend.attach(made.handle, options)
          first.input?.end("first\n")
          assert.include(yield* readUntil(first.output, "first\n"), "first\n")
          const second = yield* bench.backend.attach(made.handle, options)
          second.input?.write("second\n")
          assert.include(yield* readUntil(second.output, "second\n"), "second\n")
        })
    },
    refused: {
      operation: "attach",
      attempt: (bench) =>
        Effect.flatMap(bench.create(bench.launch({ do: "idle" })), ({ handle }) =>
          bench.backend.attach(handle, attached)
        )
    }
  },
  terminal: {
    promise: "a terminal is raw, takes keys and follows `resize`",
    tests: {
      "lines in, size out": (bench) =>
        Effect.gen(function* () {
          const launch = bench.launch({ do: "terminal" }, { process: terminalProcess })
          const made = yield* bench.create(launch)
          const session = yield* bench.backend.attach(made.handle, { ...attached, tty: true })
          const { handle } = yield* bench.start(made)
          yield* bench.backend.resize(handle, { rows: 11, columns: 44 })
          yield* sizeFollows(session, "11 44")
          yield* bench.backend.resize(handle, { rows: 12, columns: 55 })
          yield* sizeFollows(session, "12 55")
          session.input?.write("end\r")
          assert.include((yield* bytesOf(session.output)).toString(), "12 55 end\r\n")
          assert.strictEqual((yield* bench.exitOf(launch.spec.id)).exitCode, 4)
        })
    },
    refused: {
      operation: "attach",
      attempt: (bench) =>
        Effect.flatMap(bench.create(bench.launch({ do: "terminal" }, { process: terminalProcess })), ({ handle }) =>
          bench.backend.attach(handle, { ...attached, tty: true })
        )
    }
  }
} satisfies Readonly<Record<string, Row>>

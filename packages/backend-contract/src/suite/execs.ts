import { Effect } from "effect"
import { assert } from "vitest"
import { bytesOf, faultOf, sizeFollows, unframed } from "./bench.ts"
import type { Row } from "./row.ts"

/** Further processes in a running workload. */
export const execs = {
  exec: {
    promise: "`exec` runs with its own user, folder, environment and stdin, and tells its code: 0, 1, 126, 127",
    tests: {
      "codes, streams and stdin's end": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" })
          for (const code of [0, 1, 42]) {
            const session = yield* bench.exec(made, { do: "print", stdout: "out", stderr: "err", code })
            assert.deepStrictEqual(unframed(yield* bytesOf(session.output)), { stdout: "out", stderr: "err" })
            assert.strictEqual(yield* session.exit, code)
          }
          const echo = yield* bench.exec(made, { do: "echo", code: 5 }, { stdin: true })
          echo.input?.end("given")
          assert.strictEqual(unframed(yield* bytesOf(echo.output)).stdout, "given")
          assert.strictEqual(yield* echo.exit, 5)
        }),
      "user, folder and environment": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" }, { process: { env: ["PATH=/bin", "CONTRACT=theirs"] } })
          const plain = yield* bench.exec(made, { do: "facts" })
          assert.strictEqual(unframed(yield* bytesOf(plain.output)).stdout, "0 / theirs\n")
          const own = yield* bench.exec(
            made,
            { do: "facts" },
            { user: "1000", workingDir: "/tmp", env: ["CONTRACT=own"] }
          )
          assert.strictEqual(unframed(yield* bytesOf(own.output)).stdout, "1000 /tmp own\n")
        }),
      "127 and 126 in Docker's words": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" })
          const missing = yield* bench.exec(made, ["no-such-program"])
          assert.include(
            unframed(yield* bytesOf(missing.output)).stdout,
            'exec: "no-such-program": executable file not found in $PATH: unknown\r\n'
          )
          assert.strictEqual(yield* missing.exit, 127)
          const denied = yield* bench.exec(made, ["/etc/passwd"])
          assert.include(unframed(yield* bytesOf(denied.output)).stdout, "permission denied")
          assert.strictEqual(yield* denied.exit, 126)
        }),
      "is a conflict where nothing runs, and ends with its workload": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" })
          const session = yield* bench.exec(made, { do: "idle" })
          yield* bench.backend.signal(made.handle, 9)
          assert.strictEqual(yield* session.exit, 137)
          yield* bench.exitOf(made.launch.spec.id)
          assert.strictEqual((yield* faultOf(bench.exec(made, { do: "facts" }))).kind, "conflict")
        })
    },
    refused: {
      operation: "exec",
      attempt: (bench) => Effect.flatMap(bench.running({ do: "idle" }), (made) => bench.exec(made, { do: "facts" }))
    }
  },
  "exec terminal": {
    promise: "an exec with a terminal has its size, takes keys, follows `resize` and loses nothing",
    tests: {
      "lines in, size out": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" })
          const consoleSize = { rows: 31, columns: 97 }
          const session = yield* bench.exec(made, { do: "terminal" }, { tty: true, stdin: true, consoleSize })
          yield* sizeFollows(session, "31 97")
          yield* session.resize({ rows: 12, columns: 34 })
          yield* sizeFollows(session, "12 34")
          session.input?.write("end\r")
          assert.include((yield* bytesOf(session.output)).toString(), "12 34 end\r\n")
          assert.strictEqual(yield* session.exit, 4)
        }),
      "every byte of a short one": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "idle" })
          const text = "0123456789abcdef\n".repeat(2000)
          yield* Effect.forEach(
            [1, 2, 3, 4],
            (code) =>
              Effect.gen(function* () {
                const session = yield* bench.exec(made, { do: "print", stdout: text, stderr: "", code }, { tty: true })
                assert.strictEqual((yield* bytesOf(session.output)).toString(), text.replaceAll("\n", "\r\n"))
                assert.strictEqual(yield* session.exit, code)
              }),
            { concurrency: 4 }
          )
        })
    },
    refused: {
      operation: "exec",
      attempt: (bench) =>
        Effect.flatMap(bench.running({ do: "idle" }), (made) => bench.exec(made, { do: "facts" }, { tty: true }))
    }
  }
} satisfies Readonly<Record<string, Row>>

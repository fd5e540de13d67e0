import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { randomBytes } from "node:crypto"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { setTimeout as delay } from "node:timers/promises"
import { type ExecDefaults, type ExecRequest, remove, type Session, startExec } from "../../src/index.ts"
import { machineWith, missing } from "../container/machine.ts"

const runtimes = (["crun", "runc"] as const).filter((name) =>
  ["/usr/bin", "/usr/sbin", "/usr/local/bin"].some((folder) => existsSync(`${folder}/${name}`))
)

/** A container that idles, and a way to run commands in it. */
const idle = Effect.fnUntraced(function* (runtime: "crun" | "runc") {
  const { started, tools, folders, root } = yield* machineWith(runtime)
  const { running, spec } = yield* started({ argv: ["sleep", "600"] })
  yield* Effect.addFinalizer(() => Effect.ignore(remove(tools, folders, running.id, spec.cgroupPath)))
  const defaults: ExecDefaults = {
    env: ["PATH=/bin"],
    workingDir: "/",
    user: "",
    groupAdd: [],
    hostname: undefined,
    capAdd: [],
    capDrop: [],
    privileged: false,
    noNewPrivileges: false,
    accounts: []
  }
  const exec = (argv: ReadonlyArray<string>, over: Partial<ExecRequest> = {}) => {
    const id = randomBytes(32).toString("hex")
    const request: ExecRequest = {
      id,
      argv,
      env: [],
      workingDir: "/",
      user: "",
      privileged: false,
      tty: false,
      stdin: true,
      stdout: true,
      stderr: true,
      consoleSize: undefined,
      terminalLog: join(root, `${id}.log`),
      ...over
    }
    return startExec(tools, folders, running, defaults, request)
  }
  const traces = () => [
    ...readdirSync(folders.execs, { recursive: true }).map(String),
    ...readdirSync(root).filter((name) => name.endsWith(".log"))
  ]
  return { exec, traces }
})

const bytesOf = async (output: Readable): Promise<Buffer> => Buffer.concat(await output.toArray())

/** What stdcopy frames carry, by stream. */
const unframed = (bytes: Buffer): { readonly stdout: string; readonly stderr: string } => {
  const texts = ["", "", ""]
  for (let at = 0; at < bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at + 4)
    texts[bytes[at] ?? 0] += bytes.toString("utf8", at + 8, end)
    at = end
  }
  return { stdout: texts[1] ?? "", stderr: texts[2] ?? "" }
}

/** Reads until the text has come. */
const readUntil = async (output: Readable, wanted: string): Promise<string> => {
  let text = ""
  for await (const chunk of output.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (text.includes(wanted)) return text
  }
  throw new Error(`the output ended without ${JSON.stringify(wanted)}: ${JSON.stringify(text)}`)
}

/** Waits for nothing to come any more, as a client that has stalled does, then reads the rest. */
const readLate = async (session: Session): Promise<Buffer> => {
  await Promise.race([session.exit, delay(2500)])
  await delay(2500)
  return bytesOf(session.output)
}

/** For a machine that is busy with much else. */
const LIMIT_MILLIS = 90_000

const LINES = 40_000
const manyLines = `i=0; while [ $i -lt ${LINES / 10} ]; do echo 0123456789abcdef; echo 0123456789abcdef; echo 0123456789abcdef; echo 0123456789abcdef; echo 0123456789abcdef; echo 0123456789abcdef; echo 0123456789abcdef; echo 0123456789abcdef; echo 0123456789abcdef; echo 0123456789abcdef; i=$((i+1)); done; echo last; exit 9`

describe.skipIf(missing !== undefined)(`exec (${missing ?? "real runtime"})`, () => {
  for (const runtime of runtimes) {
    it.live(
      `${runtime}: tells both outputs apart, feeds stdin to its end and gives the exit code`,
      () =>
        Effect.scoped(
          Effect.gen(function* () {
            const { exec } = yield* idle(runtime)
            const session = yield* exec(["sh", "-c", "cat; echo complaint >&2; exit 42"])
            session.input?.end("given")
            const output = yield* Effect.promise(() => bytesOf(session.output))
            assert.deepStrictEqual(unframed(output), { stdout: "given", stderr: "complaint\n" })
            assert.strictEqual(yield* Effect.promise(() => session.exit), 42)
          })
        ),
      LIMIT_MILLIS
    )

    it.live(
      `${runtime}: a terminal has the size asked for, takes keys and follows a resize`,
      () =>
        Effect.scoped(
          Effect.gen(function* () {
            const { exec } = yield* idle(runtime)
            const script =
              "tty; stty size; read line; trap 'stty size; exit 3' WINCH; echo got:$line; while :; do sleep 0.1; done"
            const session = yield* exec(["sh", "-c", script], { tty: true, consoleSize: { rows: 31, columns: 97 } })
            assert.match(
              yield* Effect.promise(() => readUntil(session.output, "31 97\r\n")),
              /\/dev\/pts\/\d+\r\n31 97\r\n/
            )
            session.input?.write("hello\r")
            yield* Effect.promise(() => readUntil(session.output, "got:hello\r\n"))
            session.resize(12, 34)
            yield* Effect.promise(() => readUntil(session.output, "12 34\r\n"))
            assert.strictEqual(yield* Effect.promise(() => session.exit), 3)
          })
        ),
      LIMIT_MILLIS
    )

    it.live(
      `${runtime}: a client that reads late gets every byte, with and without a terminal`,
      () =>
        Effect.scoped(
          Effect.gen(function* () {
            const { exec } = yield* idle(runtime)
            for (const tty of [true, false]) {
              const session = yield* exec(["sh", "-c", manyLines], { tty })
              const output = yield* Effect.promise(() => readLate(session))
              const text = tty ? output.toString().replaceAll("\r\n", "\n") : unframed(output).stdout
              assert.strictEqual(text.length, LINES * 17 + 5)
              assert.strictEqual(text.slice(-10), "abcdef\nlast\n".slice(-10))
              assert.strictEqual(yield* Effect.promise(() => session.exit), 9)
            }
          })
        ),
      LIMIT_MILLIS
    )

    it.live(
      `${runtime}: short commands lose nothing, many at once`,
      () =>
        Effect.scoped(
          Effect.gen(function* () {
            const { exec, traces } = yield* idle(runtime)
            const one = (index: number, tty: boolean) =>
              Effect.gen(function* () {
                const session = yield* exec(["echo", `line ${index}`], { tty })
                const output = yield* Effect.promise(() => bytesOf(session.output))
                assert.strictEqual(
                  tty ? output.toString() : unframed(output).stdout,
                  tty ? `line ${index}\r\n` : `line ${index}\n`
                )
                assert.strictEqual(yield* Effect.promise(() => session.exit), 0)
              })
            yield* Effect.forEach(
              Array.from({ length: 20 }, (_, index) => index),
              (index) => one(index, index % 2 === 0),
              { concurrency: 10 }
            )
            yield* Effect.retry(
              Effect.suspend(() => (traces().length === 0 ? Effect.void : Effect.fail(traces()))),
              { schedule: Schedule.spaced("10 millis"), times: 1000 }
            )
          })
        ),
      LIMIT_MILLIS
    )

    it.live(
      `${runtime}: says 127 and 126 in Docker's words when the process cannot start`,
      () =>
        Effect.scoped(
          Effect.gen(function* () {
            const { exec } = yield* idle(runtime)
            const told = (argv: ReadonlyArray<string>, tty: boolean) =>
              Effect.gen(function* () {
                const session = yield* exec(argv, { tty })
                const output = yield* Effect.promise(() => bytesOf(session.output))
                return {
                  text: tty ? output.toString() : unframed(output).stdout,
                  code: yield* Effect.promise(() => session.exit)
                }
              })
            const prefix = "OCI runtime exec failed: exec failed: unable to start container process: exec: "
            for (const tty of [false, true]) {
              assert.deepStrictEqual(yield* told(["nope"], tty), {
                text: `${prefix}"nope": executable file not found in $PATH: unknown\r\n`,
                code: 127
              })
              assert.deepStrictEqual(yield* told(["/bin/nope"], tty), {
                text: `${prefix}"/bin/nope": stat /bin/nope: no such file or directory: unknown\r\n`,
                code: 127
              })
              assert.deepStrictEqual(yield* told(["/etc/passwd"], tty), {
                text: `${prefix}"/etc/passwd": permission denied: unknown\r\n`,
                code: 126
              })
            }
          })
        ),
      LIMIT_MILLIS
    )
  }
})

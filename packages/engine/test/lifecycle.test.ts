import { assert, describe, it } from "@effect/vitest"
import { ScriptedPlace } from "@sockerless/backend-scripted"
import { Effect, Fiber } from "effect"
import { containerActions, past, filters, request, running, script, statusOf, until, world } from "./world.ts"

const LIMIT_MILLIS = 90_000

const begin = Effect.gen(function* () {
  const place = new ScriptedPlace(script)
  const { begin: start } = yield* world(place)
  return { place, life: yield* start }
})

describe("the life of a container", () => {
  it.live(
    "goes from created over running and paused to exited, and tells each step",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, life } = yield* begin
          const { id } = yield* life.containers.create(request("web"))
          assert.strictEqual(yield* statusOf(life, "web"), "created")
          yield* life.containers.start("web")
          assert.strictEqual(yield* statusOf(life, "web"), "running")
          yield* life.containers.pause("web")
          assert.strictEqual(yield* statusOf(life, "web"), "paused")
          yield* life.containers.unpause("web")
          const wait = yield* life.containers.wait("web", "not-running")
          place.end(id, { exitCode: 3 })
          assert.deepStrictEqual(yield* wait, { exitCode: 3, error: undefined })
          const ended = yield* life.containers.inspect("web")
          assert.deepInclude(ended.state, { status: "exited", exitCode: 3, pid: 0, oomKilled: false, error: "" })
          yield* life.containers.remove("web", { force: false, volumes: false, link: false })
          assert.strictEqual((yield* Effect.flip(life.containers.inspect("web"))).message, "No such container: web")
          assert.deepStrictEqual(yield* containerActions(life), [
            "create",
            "start",
            "pause",
            "unpause",
            "die",
            "destroy"
          ])
          const network = yield* past(life, filters({ type: ["network"], event: ["connect", "disconnect"] }))
          assert.deepStrictEqual(
            network.map(({ action, attributes }) => [action, attributes["name"]]),
            [
              ["connect", "bridge"],
              ["disconnect", "bridge"]
            ]
          )
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "refuses what does not fit its state, in Docker's words",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { life } = yield* begin
          const { id } = yield* life.containers.create(request("box"))
          const refusal = (effect: Effect.Effect<unknown, { readonly kind: string; readonly message: string }>) =>
            Effect.map(Effect.flip(effect), ({ kind, message }) => [kind, message])
          assert.deepStrictEqual(yield* refusal(life.containers.pause("box")), [
            "conflict",
            `container ${id} is not running`
          ])
          assert.deepStrictEqual(yield* refusal(life.containers.kill("box", "TERM")), [
            "conflict",
            `cannot kill container: box: container ${id} is not running`
          ])
          assert.strictEqual((yield* refusal(life.containers.stop("box", {})))[0], "not-modified")
          assert.strictEqual((yield* refusal(life.execs.create("box", execRequest)))[0], "conflict")
          yield* life.containers.start("box")
          assert.strictEqual((yield* refusal(life.containers.start("box")))[0], "not-modified")
          assert.deepStrictEqual(yield* refusal(life.containers.unpause("box")), [
            "conflict",
            `Container ${id} is not paused`
          ])
          assert.deepStrictEqual(
            yield* refusal(life.containers.remove("box", { force: false, volumes: false, link: false })),
            [
              "conflict",
              'cannot remove container "/box": container is running: stop the container before removing or force remove'
            ]
          )
          yield* life.containers.pause("box")
          assert.deepStrictEqual(yield* refusal(life.containers.pause("box")), [
            "conflict",
            `container ${id} is already paused`
          ])
          assert.deepStrictEqual(yield* refusal(life.containers.start("box")), [
            "conflict",
            "cannot start a paused container, try unpause instead"
          ])
          assert.strictEqual((yield* refusal(life.containers.kill("box", "NOPE")))[1], "invalid signal: NOPE")
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "keeps why a start failed, and can be started later",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, life } = yield* begin
          const { id } = yield* life.containers.create(request("bad", { command: ["missing"] }))
          const wait = yield* life.containers.wait("bad", "next-exit")
          const fault = yield* Effect.flip(life.containers.start("bad"))
          assert.include(fault.message, 'exec: "missing": executable file not found in $PATH')
          assert.deepStrictEqual(yield* wait, { exitCode: 127, error: undefined })
          const { state } = yield* life.containers.inspect("bad")
          assert.deepInclude(state, { status: "created", exitCode: 127, error: fault.message })
          place.failNext("start", { _tag: "Busy", kind: "failed", message: "no room" })
          const other = yield* life.containers.create(request("later"))
          assert.strictEqual((yield* Effect.flip(life.containers.start(other.id))).message, "no room")
          yield* life.containers.start(other.id)
          assert.deepInclude((yield* life.containers.inspect(other.id)).state, { status: "running", error: "" })
          assert.notStrictEqual(id, other.id)
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "stops by signal, and by force when it takes too long",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const stubborn = new ScriptedPlace({
            behave: (process) => {
              process.onSignal(15, () => process.print("no\n"))
              return new Promise(() => undefined)
            }
          })
          const life = yield* (yield* world(stubborn)).begin
          yield* running(life, "deaf")
          yield* life.containers.stop("deaf", { timeoutSeconds: 0 })
          assert.deepInclude((yield* life.containers.inspect("deaf")).state, { status: "exited", exitCode: 137 })
          const { place, life: mild } = yield* begin
          const id = yield* running(mild, "mild")
          yield* mild.containers.stop("mild", {})
          assert.strictEqual((yield* mild.containers.inspect("mild")).state.exitCode, 143)
          assert.deepStrictEqual(
            place.calls.filter((call) => call.id === id).map(({ verb }) => verb),
            ["create", "start", "signal"]
          )
          assert.deepStrictEqual(yield* containerActions(mild), ["create", "start", "kill", "die", "stop"])
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "an end that is told during the start is seen after it",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, life } = yield* begin
          const { id } = yield* life.containers.create(request("short", { command: ["exit", "7"] }))
          const wait = yield* life.containers.wait(id, "next-exit")
          const release = place.holdReply("start")
          const starting = yield* Effect.forkChild(life.containers.start(id))
          yield* until(
            "the process has ended",
            Effect.sync(() => place.workloads.get(id)?.exit?.exitCode),
            (code) => code === 7
          )
          release()
          yield* Fiber.join(starting)
          assert.deepStrictEqual(yield* wait, { exitCode: 7, error: undefined })
          assert.deepStrictEqual(yield* containerActions(life), ["create", "start", "die"])
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "many at once keep their own ends",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { life } = yield* begin
          const codes = Array.from({ length: 40 }, (_, at) => at)
          const seen = yield* Effect.forEach(
            codes,
            (code) =>
              Effect.gen(function* () {
                const { id } = yield* life.containers.create(request(`c${code}x`, { command: ["exit", `${code}`] }))
                const wait = yield* life.containers.wait(id, "next-exit")
                yield* life.containers.start(id)
                return (yield* wait).exitCode
              }),
            { concurrency: 40 }
          )
          assert.deepStrictEqual(seen, codes)
        })
      ),
    LIMIT_MILLIS
  )
})

const execRequest = {
  argv: ["true"],
  env: [],
  workingDir: "",
  user: "",
  privileged: false,
  tty: false,
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  detachKeys: undefined
}

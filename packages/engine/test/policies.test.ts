import { assert, describe, it } from "@effect/vitest"
import { type End, ScriptedPlace } from "@sockerless/backend-scripted"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { containerActions, type Life, realMillis, running, script, statusOf, until, world } from "./world.ts"

const LIMIT_MILLIS = 90_000

const startsOf = (place: ScriptedPlace): number => place.calls.filter(({ verb }) => verb === "start").length

/** Lets the test's clock go on in small steps until the place was asked to start once more; gives the milliseconds. */
const untilStarted = Effect.fnUntraced(function* (place: ScriptedPlace, stepMillis: number) {
  const before = startsOf(place)
  let millis = 0
  const start = performance.now()
  while (startsOf(place) === before) {
    if (performance.now() - start > 60_000) throw new Error(`not started again after ${millis} ms`)
    yield* TestClock.adjust(stepMillis)
    millis += stepMillis
    yield* realMillis(10)
  }
  return millis
})

const isRestarting = (life: Life, name: string) =>
  until(`${name} waits for its restart`, statusOf(life, name), (status) => status === "restarting")

describe("restart policies", () => {
  it.effect(
    "wait longer each time, and give up after as many tries as allowed",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = new ScriptedPlace(script)
          const life = yield* (yield* world(place)).begin
          yield* running(life, "loop", {
            command: ["exit", "4"],
            restart: { name: "on-failure", maximumRetryCount: 3 }
          })
          for (const wanted of [100, 200, 400]) {
            yield* isRestarting(life, "loop")
            // Never earlier than its delay; how much later is the machine's affair.
            assert.isAtLeast(yield* untilStarted(place, 20), wanted)
          }
          yield* until("it gave up", statusOf(life, "loop"), (status) => status === "exited")
          const { restartCount, state } = yield* life.containers.inspect("loop")
          assert.deepStrictEqual([restartCount, state.exitCode], [3, 4])
          assert.strictEqual(startsOf(place), 4)
          const actions = yield* containerActions(life)
          assert.deepStrictEqual(
            actions.filter((action) => action === "start" || action === "die"),
            ["start", "die", "start", "die", "start", "die", "start", "die"]
          )
        })
      ),
    LIMIT_MILLIS
  )

  it.effect(
    "do nothing after success, a stop, a kill, or a removal while waiting",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = new ScriptedPlace(script)
          const life = yield* (yield* world(place)).begin
          const always = { name: "always", maximumRetryCount: 0 } as const
          yield* running(life, "fine", {
            command: ["exit", "0"],
            restart: { name: "on-failure", maximumRetryCount: 0 }
          })
          yield* until("it has ended", statusOf(life, "fine"), (status) => status === "exited")
          yield* running(life, "stopped", { restart: always })
          yield* life.containers.stop("stopped", {})
          yield* running(life, "killed", { restart: always })
          yield* life.containers.kill("killed", "")
          yield* running(life, "waiting", { command: ["exit", "1"], restart: always })
          yield* isRestarting(life, "waiting")
          yield* life.containers.stop("waiting", {})
          yield* running(life, "removed", { command: ["exit", "1"], restart: always })
          yield* isRestarting(life, "removed")
          yield* life.containers.remove("removed", { force: true, volumes: false, link: false })
          const starts = startsOf(place)
          yield* TestClock.adjust("10 minutes")
          yield* realMillis(50)
          assert.strictEqual(startsOf(place), starts)
          for (const name of ["fine", "stopped", "killed", "waiting"]) {
            assert.strictEqual(yield* statusOf(life, name), "exited")
          }
        })
      ),
    LIMIT_MILLIS
  )
})

describe("health checks", () => {
  it.effect(
    "turn healthy, and unhealthy after as many failures as allowed, and tell both",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const health = { code: 0 }
          const place = new ScriptedPlace({
            behave: (process) => {
              if (process.argv[0] !== "probe") return new Promise<End>(() => undefined)
              process.print(`code ${health.code}`)
              return { exitCode: health.code }
            }
          })
          const life = yield* (yield* world(place)).begin
          const second = 1_000_000_000
          yield* running(life, "well", {
            healthcheck: {
              test: ["CMD", "probe"],
              intervalNanos: second,
              timeoutNanos: second,
              startPeriodNanos: 0,
              startIntervalNanos: second,
              retries: 2
            }
          })
          const healthIs = (wanted: string) =>
            until(
              `it is ${wanted}`,
              Effect.andThen(
                TestClock.adjust("500 millis"),
                Effect.map(life.containers.inspect("well"), ({ state }) => state.health)
              ),
              (seen) => seen?.status === wanted
            )
          assert.strictEqual((yield* life.containers.inspect("well")).state.health?.status, "starting")
          assert.strictEqual((yield* healthIs("healthy"))?.log.at(-1)?.output, "code 0")
          health.code = 1
          const sick = yield* healthIs("unhealthy")
          assert.isAtLeast(sick?.failingStreak ?? 0, 2)
          assert.deepInclude(sick?.log.at(-1), { exitCode: 1, output: "code 1" })
          health.code = 0
          assert.strictEqual((yield* healthIs("healthy"))?.failingStreak, 0)
          const told = (yield* containerActions(life)).filter((action) => action.startsWith("health_status"))
          assert.deepStrictEqual(told, ["health_status: healthy", "health_status: unhealthy", "health_status: healthy"])
          yield* life.containers.kill("well", "")
          const probes = place.calls.filter(({ verb }) => verb === "exec").length
          yield* TestClock.adjust("1 minute")
          yield* realMillis(50)
          assert.strictEqual(place.calls.filter(({ verb }) => verb === "exec").length, probes)
        })
      ),
    LIMIT_MILLIS
  )
})

import { assert, describe, it } from "@effect/vitest"
import { ScriptedPlace } from "@sockerless/backend-scripted"
import { Effect } from "effect"
import { containerActions, filters, type Life, request, running, script, statusOf, until, world } from "./world.ts"

const LIMIT_MILLIS = 90_000
const plainRemoval = { force: false, volumes: false, link: false }

const begin = Effect.gen(function* () {
  const place = new ScriptedPlace(script)
  const { begin: start } = yield* world(place)
  return { place, start }
})

/** Begins a verb that will never hear of its outcome, and waits until the place was called. */
const cutShort = Effect.fnUntraced(function* (
  place: ScriptedPlace,
  verb: string,
  effect: Effect.Effect<unknown, { readonly message: string }>
) {
  const before = place.calls.length
  yield* Effect.forkDetach(Effect.ignore(effect))
  yield* until(
    `the place was asked to ${verb}`,
    Effect.sync(() => place.calls.slice(before).map((call) => call.verb)),
    (verbs) => verbs.includes(verb)
  )
})

const names = (life: Life) =>
  Effect.map(life.containers.list({ all: true, limit: 0, filters: filters() }), (found) =>
    found.map(({ spec }) => spec.name)
  )

describe("recovery", () => {
  it.live(
    "takes over what runs, with the same pid and times, and tells the ends it missed",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, start } = yield* begin
          const first = yield* start
          const kept = yield* running(first, "kept")
          const ended = yield* running(first, "ended")
          const before = yield* first.containers.inspect(kept)
          yield* first.die
          place.end(ended, { exitCode: 9 })
          const second = yield* start
          assert.deepStrictEqual(second.report.adopted, ["kept"])
          assert.deepStrictEqual(second.report.endedMeanwhile, [{ id: ended, name: "ended", exitCode: 9 }])
          assert.deepStrictEqual(yield* second.containers.inspect(kept), before)
          assert.deepInclude((yield* second.containers.inspect(ended)).state, { status: "exited", exitCode: 9, pid: 0 })
          const actions = yield* containerActions(second)
          assert.deepStrictEqual([actions.at(-1), actions.filter((action) => action === "die").length], ["die", 1])
          const wait = yield* second.containers.wait("kept", "not-running")
          place.end(kept, { exitCode: 4 })
          assert.strictEqual((yield* wait).exitCode, 4)
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "rolls a create back",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, start } = yield* begin
          const first = yield* start
          place.holdReply("create")
          yield* cutShort(place, "create", first.containers.create(request("half", { anonymousVolumes: ["/data"] })))
          yield* first.die
          assert.deepStrictEqual([place.workloads.size, place.volumes.size], [1, 1])
          const second = yield* start
          assert.deepStrictEqual(second.report.rolledBack, ["half"])
          assert.deepStrictEqual([place.workloads.size, place.volumes.size], [0, 0])
          assert.deepStrictEqual(yield* names(second), [])
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "observes a start: it ran, it never ran, it has ended since",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, start } = yield* begin
          const first = yield* start
          for (const [name, command] of [
            ["ran", "idle"],
            ["ended", "exit"],
            ["never", "idle"]
          ] as const) {
            yield* first.containers.create(request(name, { command: [command, "6"] }))
          }
          place.holdReply("start")
          yield* cutShort(place, "start", first.containers.start("ran"))
          yield* cutShort(place, "start", first.containers.start("ended"))
          place.hold("start")
          yield* cutShort(place, "start", first.containers.start("never"))
          yield* until(
            "the short one has ended",
            Effect.sync(() => [...place.workloads.values()].some(({ exit }) => exit?.exitCode === 6)),
            (ended) => ended
          )
          yield* first.die
          const second = yield* start
          assert.deepStrictEqual(second.report.adopted, ["ran"])
          assert.deepStrictEqual(
            second.report.endedMeanwhile.map(({ name, exitCode }) => [name, exitCode]),
            [["ended", 6]]
          )
          assert.strictEqual(yield* statusOf(second, "ran"), "running")
          assert.deepInclude((yield* second.containers.inspect("ended")).state, { status: "exited", exitCode: 6 })
          assert.strictEqual(yield* statusOf(second, "never"), "created")
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "completes a removal",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, start } = yield* begin
          const first = yield* start
          yield* first.containers.create(request("gone"))
          place.hold("remove")
          yield* cutShort(place, "remove", first.containers.remove("gone", plainRemoval))
          yield* first.die
          place.hold("remove")()
          const second = yield* start
          assert.deepStrictEqual(second.report.completedRemovals, ["gone"])
          assert.strictEqual(place.workloads.size, 0)
          assert.deepStrictEqual(yield* names(second), [])
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "answers a wait for a container that removed itself while nobody was there, for it is kept as a tombstone",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, start } = yield* begin
          const first = yield* start
          const away = yield* running(first, "away", { autoRemove: true })
          const here = yield* running(first, "here", { autoRemove: true })
          const removed = yield* first.containers.wait(here, "removed")
          place.end(here, { exitCode: 5 })
          assert.strictEqual((yield* removed).exitCode, 5)
          yield* first.die
          place.end(away, { exitCode: 8 })
          const second = yield* start
          assert.deepStrictEqual(yield* names(second), [])
          for (const [id, code] of [
            [away, 8],
            [here, 5]
          ] as const) {
            assert.strictEqual((yield* yield* second.containers.wait(id, "not-running")).exitCode, code)
          }
          const asked = yield* running(second, "asked")
          yield* second.containers.remove(asked, { ...plainRemoval, force: true })
          assert.strictEqual((yield* Effect.flip(second.containers.wait(asked, "not-running"))).kind, "not-found")
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "after a power cut tells 137, starts what its policy wants and leaves alone what was stopped",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, start } = yield* begin
          const first = yield* start
          yield* running(first, "plain")
          yield* running(first, "always", { restart: { name: "always", maximumRetryCount: 0 } })
          yield* running(first, "stopped", { restart: { name: "unless-stopped", maximumRetryCount: 0 } })
          yield* first.containers.stop("stopped", {})
          yield* first.die
          place.losePower()
          const second = yield* start
          assert.deepStrictEqual(second.report.lost.toSorted(), ["always", "plain"])
          assert.deepInclude((yield* second.containers.inspect("plain")).state, { status: "exited", exitCode: 137 })
          yield* until("it runs again", statusOf(second, "always"), (status) => status === "running")
          assert.strictEqual(yield* statusOf(second, "stopped"), "exited")
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "removes strays, never replays an exec, and one container that fails does not hold up the others",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, start } = yield* begin
          const first = yield* start
          const good = yield* running(first, "good")
          yield* running(first, "bad")
          const exec = yield* first.execs.create(good, {
            argv: ["idle"],
            env: [],
            workingDir: "",
            user: "",
            privileged: false,
            tty: false,
            attachStdin: false,
            attachStdout: true,
            attachStderr: true,
            detachKeys: undefined
          })
          yield* first.execs.start(exec.id, { detach: true, tty: false })
          const stray = yield* first.containers.create(request("stray"))
          yield* first.containers.remove(stray.id, plainRemoval)
          const known = place.workloads.get(good)
          if (known !== undefined) place.workloads.set("0".repeat(64), { ...known, run: undefined })
          yield* first.die
          place.failNext("adopt", { _tag: "Broken", kind: "failed", message: "unreadable" })
          const execs = place.calls.filter(({ verb }) => verb === "exec").length
          const second = yield* start
          assert.deepStrictEqual(second.report.leftovers, ["0".repeat(64)])
          assert.deepStrictEqual(
            second.report.failures.map(({ reason }) => reason),
            ["unreadable"]
          )
          assert.strictEqual(second.report.adopted.length, 1)
          const failed = second.report.adopted[0] === "good" ? "bad" : "good"
          assert.strictEqual((yield* Effect.flip(second.containers.stop(failed, {}))).kind, "unavailable")
          assert.strictEqual((yield* second.execs.inspect(exec.id)).running, false)
          assert.strictEqual(
            (yield* Effect.flip(second.execs.start(exec.id, { detach: true, tty: false }))).kind,
            "conflict"
          )
          assert.strictEqual(place.calls.filter(({ verb }) => verb === "exec").length, execs)
        })
      ),
    LIMIT_MILLIS
  )
})

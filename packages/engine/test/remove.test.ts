import { assert, describe, it } from "@effect/vitest"
import { ScriptedPlace } from "@sockerless/backend-scripted"
import { Effect, Fiber } from "effect"
import { filters, request, running, script, statusOf, until, world } from "./world.ts"

const LIMIT_MILLIS = 90_000
const plain = { force: false, volumes: false, link: false }
const forced = { ...plain, force: true }

const begin = Effect.gen(function* () {
  const place = new ScriptedPlace(script)
  return { place, life: yield* (yield* world(place)).begin }
})

describe("removing", () => {
  it.live(
    "twice at once: one removes, the other is told so; waiters of both kinds are answered",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, life } = yield* begin
          yield* life.containers.create(request("both"))
          const removed = yield* life.containers.wait("both", "removed")
          const release = place.hold("remove")
          const first = yield* Effect.forkChild(life.containers.remove("both", plain))
          yield* until("the removal is under way", statusOf(life, "both"), (status) => status === "removing")
          assert.strictEqual(
            (yield* Effect.flip(life.containers.remove("both", plain))).message,
            "removal of container both is already in progress"
          )
          release()
          yield* Fiber.join(first)
          assert.strictEqual((yield* removed).exitCode, 0)
          assert.strictEqual(
            (yield* Effect.flip(life.containers.remove("both", plain))).message,
            "No such container: both"
          )
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "by force ends what runs or is paused, also one that ends or removes itself meanwhile",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, life } = yield* begin
          yield* running(life, "busy")
          yield* life.containers.remove("busy", forced)
          yield* running(life, "frozen")
          yield* life.containers.pause("frozen")
          yield* life.containers.remove("frozen", forced)
          const own = yield* running(life, "own", { autoRemove: true })
          const release = place.hold("signal")
          const removal = yield* Effect.forkChild(life.containers.remove("own", forced))
          place.end(own, { exitCode: 0 })
          release()
          yield* Fiber.join(removal)
          assert.strictEqual(place.workloads.size, 0)
          assert.deepStrictEqual(yield* life.containers.list({ all: true, limit: 0, filters: filters() }), [])
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "takes anonymous volumes when asked and with --rm, named ones never, shared ones last",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, life } = yield* begin
          const named = [
            {
              type: "volume",
              name: "named",
              anonymous: false,
              destination: "/n",
              readOnly: false,
              noCopy: false,
              driver: "local",
              mode: ""
            }
          ] as const
          yield* life.containers.create(request("keeper", { anonymousVolumes: ["/a"], mounts: named }))
          yield* life.containers.create(request("sharer", { volumesFrom: ["keeper"] }))
          assert.strictEqual(place.volumes.size, 2)
          yield* life.containers.remove("keeper", { ...plain, volumes: true })
          assert.strictEqual(place.volumes.size, 2)
          assert.strictEqual((yield* Effect.flip(life.volumes.remove("named", { force: false }))).kind, "conflict")
          yield* life.containers.remove("sharer", { ...plain, volumes: true })
          assert.deepStrictEqual([...place.volumes.keys()], ["named"])
          const id = yield* running(life, "own", { autoRemove: true, anonymousVolumes: ["/a"] })
          assert.strictEqual(place.volumes.size, 2)
          const gone = yield* life.containers.wait(id, "removed")
          place.end(id, { exitCode: 0 })
          yield* gone
          assert.deepStrictEqual([...place.volumes.keys()], ["named"])
          yield* life.volumes.remove("named", { force: false })
          assert.strictEqual(place.volumes.size, 0)
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "prune takes what has ended and fits the filters, and nothing that runs",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { life } = yield* begin
          yield* running(life, "runs")
          const kept = yield* life.containers.create(request("kept", { labels: { keep: "yes" } }))
          const old = yield* life.containers.create(request("old"))
          assert.deepStrictEqual((yield* life.containers.prune(filters({ "label!": ["keep"] }))).deleted, [old.id])
          assert.deepStrictEqual((yield* life.containers.prune(filters({ until: ["24h"] }))).deleted, [])
          assert.strictEqual((yield* Effect.flip(life.containers.prune(filters({ name: ["x"] })))).kind, "invalid")
          assert.deepStrictEqual((yield* life.containers.prune(filters())).deleted, [kept.id])
          assert.strictEqual(yield* statusOf(life, "runs"), "running")
        })
      ),
    LIMIT_MILLIS
  )
})

import { assert, describe, it } from "@effect/vitest"
import { ScriptedPlace } from "@sockerless/backend-scripted"
import { Effect, Result } from "effect"
import { filters, IMAGE, request, running, script, world } from "./world.ts"

const LIMIT_MILLIS = 90_000

const begin = Effect.gen(function* () {
  const place = new ScriptedPlace(script)
  return { place, life: yield* (yield* world(place)).begin }
})

describe("names and ids", () => {
  it.live(
    "one name has one container, also when two ask at once",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { life } = yield* begin
          const results = yield* Effect.all(
            [
              Effect.result(life.containers.create(request("same"))),
              Effect.result(life.containers.create(request("same")))
            ],
            { concurrency: 2 }
          )
          const [won] = results.flatMap((result) => (Result.isSuccess(result) ? [result.success.id] : []))
          const [lost] = results.flatMap((result) => (Result.isFailure(result) ? [result.failure] : []))
          assert.strictEqual(lost?.kind, "conflict")
          assert.strictEqual(
            lost?.message,
            `Conflict. The container name "/same" is already in use by container "${won}". You have to remove (or rename) that container to be able to reuse that name.`
          )
          yield* life.containers.rename("same", "other")
          yield* life.containers.create(request("same"))
          assert.strictEqual((yield* life.containers.inspect("other")).spec.id, won)
          assert.include(
            (yield* Effect.flip(life.containers.rename("other", "same"))).message,
            'The container name "/same" is already in use'
          )
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "a failed create gives its name back",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, life } = yield* begin
          place.failNext("create", { _tag: "Full", kind: "failed", message: "no space left" })
          assert.strictEqual((yield* Effect.flip(life.containers.create(request("again")))).message, "no space left")
          const missing = yield* Effect.flip(life.containers.create({ ...request("again"), image: "absent" }))
          assert.deepStrictEqual([missing.kind, missing.message], ["not-found", "No such image: absent:latest"])
          yield* life.containers.create(request("again"))
          assert.strictEqual(place.workloads.size, 1)
        })
      ),
    LIMIT_MILLIS
  )

  it.live(
    "found by name, with or without slash, by id, and by a prefix that is unique",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { life } = yield* begin
          const ids = yield* Effect.forEach(
            Array.from({ length: 17 }, (_, at) => at),
            (at) => Effect.map(life.containers.create(request(`n${at}x`)), ({ id }) => id)
          )
          const [first = ""] = ids
          for (const ref of ["n0x", "/n0x", first, first.slice(0, 12)]) {
            assert.strictEqual((yield* life.containers.inspect(ref)).spec.id, first)
          }
          // Seventeen ids have two with the same first digit.
          const digits = ids.map((id) => id.slice(0, 1))
          const shared = digits.find((digit, at) => digits.indexOf(digit) !== at) ?? ""
          assert.strictEqual(
            (yield* Effect.flip(life.containers.inspect(shared))).message,
            `multiple IDs found with provided prefix: ${shared}`
          )
          assert.strictEqual(
            (yield* Effect.flip(life.containers.create(request("-x")))).message,
            "Invalid container name (-x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
          )
          const { id } = yield* life.containers.create(request(undefined))
          assert.match((yield* life.containers.inspect(id)).spec.name, /^[a-z]+_[a-z]+/)
        })
      ),
    LIMIT_MILLIS
  )
})

describe("listing", () => {
  it.live(
    "filters as Docker does",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { place, life } = yield* begin
          const web = yield* running(life, "web", { labels: { tier: "front", team: "a" } })
          yield* running(life, "db", { labels: { tier: "back" } })
          const done = yield* running(life, "done")
          const wait = yield* life.containers.wait(done, "not-running")
          place.end(done, { exitCode: 3 })
          yield* wait
          yield* life.containers.create(request("fresh"))
          const names = (given: Readonly<Record<string, ReadonlyArray<string>>>, all = true) =>
            Effect.map(life.containers.list({ all, limit: 0, filters: filters(given) }), (found) =>
              found.map(({ spec }) => spec.name)
            )
          assert.deepStrictEqual(yield* names({}), ["fresh", "done", "db", "web"])
          assert.deepStrictEqual(yield* names({}, false), ["db", "web"])
          assert.deepStrictEqual(yield* names({ status: ["exited"] }, false), ["done"])
          assert.deepStrictEqual(yield* names({ status: ["created", "running"] }), ["fresh", "db", "web"])
          assert.deepStrictEqual(yield* names({ exited: ["3"] }), ["done"])
          assert.deepStrictEqual(yield* names({ exited: ["0"] }), [])
          assert.deepStrictEqual(yield* names({ label: ["tier"] }), ["db", "web"])
          assert.deepStrictEqual(yield* names({ label: ["tier=front", "team=a"] }), ["web"])
          assert.deepStrictEqual(yield* names({ name: ["^/d"] }), ["done", "db"])
          assert.deepStrictEqual(yield* names({ id: [web.slice(0, 12)] }), ["web"])
          assert.deepStrictEqual(yield* names({ ancestor: [IMAGE] }), ["fresh", "done", "db", "web"])
          assert.deepStrictEqual(yield* names({ before: ["done"] }), ["db", "web"])
          assert.deepStrictEqual(yield* names({ since: ["db"] }), ["fresh", "done"])
          assert.deepStrictEqual(yield* names({ network: ["bridge"], status: ["running"] }), ["db", "web"])
          const limited = yield* life.containers.list({ all: false, limit: 1, filters: filters() })
          assert.deepStrictEqual(
            limited.map(({ spec }) => spec.name),
            ["fresh"]
          )
          assert.strictEqual((yield* Effect.flip(names({ colour: ["red"] }))).kind, "invalid")
        })
      ),
    LIMIT_MILLIS
  )
})

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Fault } from "@sockerless/faults"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { type Identity, Ledger, namePrefix, type Place } from "../src/index.ts"
import { folderPlace } from "./folder-place.ts"

const instance = "00112233445566778899aabbccddeeff"
const newPlace = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "ledger-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  ),
  folderPlace
)
const request = (verb: string, subject: string, rule: "back" | "observe" | "forward") => ({
  verb,
  subject,
  backend: "folder",
  rule,
  request: "as asked"
})
const unreachable: Fault = { _tag: "Unreachable", kind: "unavailable", message: "the place does not answer" }
const states = Effect.map(
  Effect.flatMap(Ledger, (ledger) => ledger.view),
  (view) => ({
    operations: view.operations.map(({ state }) => state),
    resources: view.resources.map(({ step, state }) => `${step} ${state}`)
  })
)
const plan = (place: Place) => ({
  backend: "folder",
  place,
  observe: () => Effect.succeed("wait" as const),
  forward: () => Effect.succeed(null)
})
const inMemory = Effect.provide(Ledger.memory(instance))

describe("Ledger.perform", () => {
  it.effect("decides who a resource is before it is made, from the operation alone", () =>
    Effect.gen(function* () {
      const { place } = yield* newPlace
      const ledger = yield* Ledger
      const seen: Array<Identity> = []
      const attempt = ledger.perform(request("start", "one", "observe"), place, (operation) =>
        operation
          .make(
            { type: "task" },
            {
              create: (identity) =>
                Effect.gen(function* () {
                  seen.push(identity)
                  assert.deepStrictEqual((yield* states).resources, ["task intended"])
                  return yield* Effect.fail("no answer")
                })
            }
          )
          .pipe(Effect.map(({ id }) => id))
      )
      assert.isTrue(Exit.isFailure(yield* Effect.exit(attempt)))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(attempt)))
      assert.deepStrictEqual(seen[0], seen[1])
      assert.match(seen[0]?.name ?? "", new RegExp(`^${namePrefix(instance)}[0-9a-z]{16}$`))
      assert.match(seen[0]?.token ?? "", /^[0-9a-z]{52}$/)
      assert.deepStrictEqual(yield* states, { operations: ["open"], resources: ["task intended"] })
    }).pipe(inMemory)
  )

  it.effect("adopts what a call made whose answer was lost, and makes it once", () =>
    Effect.gen(function* () {
      const { place, steps, make, made, list } = yield* newPlace
      const ledger = yield* Ledger
      const attempt = (create: (identity: Identity) => Effect.Effect<{ readonly id: string }, string>) =>
        ledger.perform(request("start", "one", "observe"), place, (operation) =>
          Effect.map(operation.make({ type: "task" }, { ...steps, create }), ({ id }) => id)
        )
      yield* Effect.exit(
        attempt(({ token }) =>
          Effect.andThen(
            Effect.sync(() => make(token)),
            Effect.fail("lost")
          )
        )
      )
      const id = yield* attempt(() => Effect.fail("asked twice"))
      assert.deepStrictEqual(
        [id],
        list().map((one) => one.id)
      )
      assert.lengthOf(made(), 1)
    }).pipe(inMemory)
  )

  it.effect("takes back what a failed create made, the youngest first, also what is in doubt", () =>
    Effect.gen(function* () {
      const { place, steps, make, list } = yield* newPlace
      const order: Array<string> = []
      const watched: Place = {
        ...place,
        destroy: (entry) =>
          Effect.andThen(
            Effect.sync(() => order.push(entry.step)),
            place.destroy(entry)
          )
      }
      const ledger = yield* Ledger
      const failed = yield* Effect.exit(
        ledger.perform(request("create", "one", "back"), watched, (operation) =>
          Effect.gen(function* () {
            yield* operation.make({ type: "a" }, steps)
            yield* TestClock.adjust(1)
            yield* operation.make({ type: "b" }, steps)
            yield* TestClock.adjust(1)
            yield* operation.make(
              { type: "c" },
              {
                create: ({ token }) =>
                  Effect.andThen(
                    Effect.sync(() => make(token)),
                    Effect.fail("lost")
                  )
              }
            )
            return null
          })
        )
      )
      assert.deepStrictEqual(failed, Exit.fail("lost"))
      assert.deepStrictEqual(order, ["c", "b", "a"])
      assert.deepStrictEqual(list(), [])
      assert.deepStrictEqual(yield* states, { operations: ["undone"], resources: ["a gone", "b gone", "c gone"] })
    }).pipe(inMemory)
  )

  it.effect("keeps no record of what was refused", () =>
    Effect.gen(function* () {
      const { place } = yield* newPlace
      const ledger = yield* Ledger
      const refused = yield* Effect.exit(
        ledger.perform(request("start", "one", "observe"), place, (operation) =>
          Effect.as(
            operation.make({ type: "task" }, { create: () => Effect.fail("no capacity"), isRefusal: () => true }),
            null
          )
        )
      )
      assert.deepStrictEqual(refused, Exit.fail("no capacity"))
      assert.deepStrictEqual(yield* states, { operations: ["undone"], resources: [] })
    }).pipe(inMemory)
  )

  it.effect("settles an interrupted create like a failed one", () =>
    Effect.gen(function* () {
      const { place, steps, list } = yield* newPlace
      const ledger = yield* Ledger
      const fiber = yield* Effect.forkChild(
        ledger.perform(request("create", "one", "back"), place, (operation) =>
          Effect.andThen(operation.make({ type: "a" }, steps), Effect.never)
        ),
        { startImmediately: true }
      )
      yield* Effect.yieldNow
      while (list().length === 0) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(list(), [])
      assert.deepStrictEqual(yield* states, { operations: ["undone"], resources: ["a gone"] })
    }).pipe(inMemory)
  )

  it.effect("refuses another request while the first is in doubt", () =>
    Effect.gen(function* () {
      const { place, make } = yield* newPlace
      const ledger = yield* Ledger
      yield* Effect.exit(
        ledger.perform(request("start", "one", "observe"), place, (operation) =>
          Effect.as(
            operation.make(
              { type: "task" },
              {
                create: ({ token }) =>
                  Effect.andThen(
                    Effect.sync(() => make(token)),
                    Effect.fail("lost")
                  )
              }
            ),
            null
          )
        )
      )
      const other = yield* Effect.flip(
        ledger.perform({ ...request("start", "one", "observe"), request: "otherwise" }, place, () => Effect.succeed(1))
      )
      assert.match(other.message, /^start of one is not settled yet \(operation [0-9a-z]{26}\)/)
    }).pipe(inMemory)
  )
})

describe("Ledger.recover", () => {
  it.effect("goes on with removals that the place did not answer, until it does", () =>
    Effect.gen(function* () {
      const { place, steps, list } = yield* newPlace
      const dead: Place = { find: () => Effect.fail(unreachable), destroy: () => Effect.fail(unreachable) }
      const ledger = yield* Ledger
      yield* Effect.exit(
        ledger.perform(request("create", "one", "back"), dead, (operation) =>
          Effect.andThen(operation.make({ type: "a" }, steps), Effect.fail("broken"))
        )
      )
      const operation = (yield* ledger.view).operations[0]?.id ?? ""
      assert.deepStrictEqual((yield* ledger.recover(plan(dead))).failed, [
        { operation, reason: "the place does not answer" }
      ])
      assert.lengthOf(list(), 1)
      assert.deepStrictEqual((yield* ledger.recover(plan(place))).undone, [operation])
      assert.deepStrictEqual(list(), [])
      assert.deepStrictEqual(yield* ledger.recover(plan(place)), {
        adopted: [],
        undone: [],
        completed: [],
        waiting: [],
        failed: []
      })
    }).pipe(inMemory)
  )

  it.effect("asks about a start, and waits, undoes or adopts as it is told", () =>
    Effect.gen(function* () {
      const { place, make, list } = yield* newPlace
      const ledger = yield* Ledger
      for (const subject of ["one", "two"]) {
        yield* Effect.exit(
          ledger.perform(request("start", subject, "observe"), place, (operation) =>
            Effect.as(
              operation.make(
                { type: "task" },
                {
                  create: ({ token }) =>
                    Effect.andThen(
                      Effect.sync(() => make(token)),
                      Effect.fail("lost")
                    )
                }
              ),
              null
            )
          )
        )
      }
      assert.lengthOf((yield* ledger.recover(plan(place))).waiting, 2)
      const report = yield* ledger.recover({
        ...plan(place),
        observe: (operation, [task]) => {
          assert.strictEqual(task?.state, "held")
          return Effect.succeed(operation.subject === "one" ? "adopt" : "undo")
        }
      })
      assert.lengthOf(report.adopted, 1)
      assert.lengthOf(report.undone, 1)
      assert.lengthOf(list(), 1)
      assert.deepStrictEqual(yield* states, { operations: ["done", "undone"], resources: ["task held", "task gone"] })
    }).pipe(inMemory)
  )

  it.effect("settles a thousand open operations, leaving those of other backends", () =>
    Effect.gen(function* () {
      const { place } = yield* newPlace
      const ledger = yield* Ledger
      const left = (backend: string, n: number) =>
        Effect.exit(
          ledger.perform({ ...request("start", `c${n}`, "observe"), backend }, place, (operation) =>
            Effect.as(operation.make({ type: "task" }, { create: () => Effect.fail("lost") }), null)
          )
        )
      yield* Effect.forEach(Array.from({ length: 1000 }), (_, n) => left("folder", n), { discard: true })
      yield* left("elsewhere", 0)
      const report = yield* ledger.recover({
        ...plan({ ...place, find: () => Effect.succeed(Option.none()) }),
        observe: () => Effect.succeed("undo")
      })
      assert.lengthOf(report.undone, 1000)
      assert.lengthOf(
        (yield* states).operations.filter((state) => state === "open"),
        1
      )
    }).pipe(inMemory)
  )
})

describe("Ledger", () => {
  it.effect("grants a run once, to the claimant that asked first, and never for the buried", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      const claims = yield* Effect.forEach(["a", "b", "a"], (who) => ledger.claim("one", 1, who), { concurrency: 3 })
      assert.deepStrictEqual(claims, [true, false, true])
      assert.isTrue(yield* ledger.claim("one", 2, "b"))
      yield* ledger.bury("one", "folder")
      assert.isFalse(yield* ledger.claim("one", 2, "b"))
    }).pipe(inMemory)
  )

  it.effect("removes once, adopts once, and forgets what ended long ago and nothing else", () =>
    Effect.gen(function* () {
      const { place, steps, list } = yield* newPlace
      const ledger = yield* Ledger
      yield* ledger.perform(request("create", "one", "back"), place, (operation) =>
        Effect.as(Effect.andThen(operation.make({ type: "a" }, steps), operation.make({ type: "b" }, steps)), null)
      )
      const [a] = (yield* ledger.view).resources
      yield* ledger.dispose(a?.key ?? "", place)
      yield* ledger.dispose(a?.key ?? "", { ...place, destroy: () => Effect.die("asked twice") })
      yield* ledger.dispose("unknown", place)
      assert.lengthOf(list(), 1)
      const stray = {
        backend: "folder",
        subject: "two",
        type: "task",
        name: "two",
        resource: { id: "stray" },
        epoch: 1
      }
      assert.deepStrictEqual(yield* ledger.adopt(stray), yield* ledger.adopt(stray))
      yield* ledger.bury("three", "folder")
      yield* TestClock.adjust(1000)
      assert.strictEqual(yield* ledger.prune(500), 2)
      const view = yield* ledger.view
      assert.deepStrictEqual(view.tombstones, [])
      assert.deepStrictEqual((yield* states).resources, ["b held", "task held"])
      assert.lengthOf(view.operations, 1)
    }).pipe(inMemory)
  )
})

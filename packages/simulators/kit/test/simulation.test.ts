import { assert, describe, it } from "@effect/vitest"
import { storeMemory } from "@sockerless/store"
import { Effect, Fiber, Schema } from "effect"
import { ConnectionDropped, FaultPlan, pageOf, SimClock, Simulation, type View } from "../src/index.ts"

const present: View = { asOf: undefined, omitNewest: 0, pageSize: undefined, noCapacity: false }

const request = (operation: string, resource = "") => ({ service: "s", operation, resource, client: "c", input: {} })

describe("the fault plan", () => {
  it("counts matches, spends rules and repeats chance with its seed", () => {
    const plan = new FaultPlan(7)
    plan.add({ match: { operation: "A", nth: 2 }, fault: { kind: "throttle" } })
    plan.add({ match: { resource: "x-*" }, times: 1, fault: { kind: "reset" } })
    const kinds = (operation: string, resource: string) =>
      plan.take(request(operation, resource)).map((fault) => fault.kind)
    assert.deepStrictEqual(kinds("A", "y"), [])
    assert.deepStrictEqual(kinds("A", "x-1"), ["throttle", "reset"])
    assert.deepStrictEqual(kinds("A", "x-1"), [])
    const draw = (seed: number) => {
      const chance = new FaultPlan(seed)
      chance.add({ match: { probability: 0.5 }, fault: { kind: "throttle" } })
      return Array.from({ length: 64 }, () => chance.take(request("B")).length).join("")
    }
    assert.strictEqual(draw(1), draw(1))
    assert.notStrictEqual(draw(1), draw(2))
  })
})

describe("the clock", () => {
  it.live("fires timers by its own time, earliest first", () =>
    Effect.gen(function* () {
      const clock = new SimClock()
      clock.stop()
      const fired: Array<string> = []
      const wait = (name: string, millis: number) =>
        Effect.forkChild(
          Effect.andThen(
            clock.sleep(millis),
            Effect.sync(() => fired.push(name))
          ),
          { startImmediately: true }
        )
      const fibers = [yield* wait("late", 2000), yield* wait("early", 1000)]
      clock.advance(999)
      yield* Effect.sleep(1)
      assert.deepStrictEqual(fired, [])
      clock.advance(1001)
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(fired, ["early", "late"])
    })
  )
})

describe("pages", () => {
  it("neither repeat nor lose an item when others come and go between them", () => {
    const items = ["b", "d", "f"]
    const key = (item: string): string => item
    const first = pageOf(items, key, { limit: 2, token: undefined }, present)
    assert.deepStrictEqual(first?.items, ["b", "d"])
    const second = pageOf(["a", "c", "f", "g"], key, { limit: 2, token: first?.next }, present)
    assert.deepStrictEqual(second, { items: ["f", "g"], next: undefined })
    assert.strictEqual(pageOf(items, key, { limit: 2, token: "no token!" }, present), undefined)
  })
})

describe("a simulation", () => {
  it.effect("looks into the past, and is durable before it answers", () =>
    Effect.gen(function* () {
      const simulation = yield* Simulation.make(1)
      simulation.clock.stop()
      const table = yield* simulation.book.table("things", Schema.Struct({ name: Schema.String }))
      const put = (name: string) =>
        simulation.conduct(request("Put", name), {
          apply: () => Effect.sync(() => table.put("one", { name })),
          refuse: () => new ConnectionDropped({ phase: "before" }),
          codeOf: (error) => error._tag
        })
      yield* put("first")
      const then = simulation.clock.now()
      simulation.clock.advance(10)
      yield* put("second")
      assert.deepStrictEqual(table.get("one"), { name: "second" })
      assert.deepStrictEqual(table.get("one", then), { name: "first" })
      assert.deepStrictEqual(table.all(then - 1), [])
      const again = yield* simulation.book.table("things", Schema.Struct({ name: Schema.String }))
      assert.deepStrictEqual(again.get("one"), { name: "second" })
    }).pipe(Effect.provide(storeMemory))
  )
})

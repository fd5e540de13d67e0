import { randomBytes } from "node:crypto"
import { assert } from "@effect/vitest"
import { CloudScanner, collectGarbage, type Found } from "@sockerless/cloud-scanner"
import { Ledger, namePrefix } from "@sockerless/resource-registry"
import type { TagSet } from "@sockerless/tags"
import { Effect, Stream } from "effect"
import { ScannerFixture } from "./fixture.ts"

const newInstance = () => randomBytes(16).toString("hex")
const newName = (instance: string) => `${namePrefix(instance)}${randomBytes(8).toString("hex")}`

const tagsOf = (backend: string, instance: string, facts: Readonly<Record<string, string>> = {}): TagSet => ({
  containerId: randomBytes(32).toString("hex"),
  backend,
  instance,
  createdAt: new Date("2026-11-23T21:58:00Z"),
  expiresAt: new Date("2030-01-01T00:00:00Z"),
  epoch: 1,
  facts
})

const isOf = (found: Found, instance: string): boolean =>
  found.tags !== undefined && !("_tag" in found.tags) && found.tags.instance === instance

/** What the scan says of one instance's resources, whatever else the place holds. */
const scanOf = Effect.fnUntraced(function* (instance: string) {
  const scanner = yield* CloudScanner
  return yield* scanner.scan.pipe(
    Stream.filter((found) => isOf(found, instance)),
    Stream.runCollect
  )
})

const plantMany = Effect.fnUntraced(function* (type: string, instance: string, count: number) {
  const fixture = yield* ScannerFixture
  const { backend } = yield* CloudScanner
  return yield* Effect.forEach(
    Array.from({ length: count }),
    () => fixture.plant({ type, name: newName(instance), tags: tagsOf(backend, instance) }),
    { concurrency: 8 }
  )
})

/** reports each type with its name, its tags whole, and an age. */
export const reportsEachType = Effect.gen(function* () {
  const fixture = yield* ScannerFixture
  const scanner = yield* CloudScanner
  for (const type of fixture.types) {
    const instance = newInstance()
    const tags = tagsOf(scanner.backend, instance, { exit: "137:1795557480000", odd: "Ünï_cöde = 100 %\n🧨" })
    const planted = yield* fixture.plant({ type, name: newName(instance), tags })
    const [found, ...more] = yield* scanOf(instance)
    assert.deepStrictEqual(more, [])
    assert.deepStrictEqual({ type: found?.type, id: found?.id, tags: found?.tags }, { ...planted, tags })
    assert.isTrue(found?.name.startsWith(namePrefix(instance)))
    assert.isAtLeast(found?.ageMillis ?? -1, 0)
    yield* scanner.destroy(planted)
  }
})

/** reports every resource once over many pages, with no call per resource. */
export const reportsEachOnce = Effect.gen(function* () {
  const fixture = yield* ScannerFixture
  const scanner = yield* CloudScanner
  for (const type of fixture.types) {
    const instance = newInstance()
    const count = 2 * fixture.pageSize + 1
    const planted = yield* plantMany(type, instance, count)
    const total = yield* Stream.runCount(scanner.scan)
    const before = yield* fixture.calls
    const ids = (yield* scanOf(instance)).map(({ id }) => id)
    const calls = (yield* fixture.calls) - before
    assert.deepStrictEqual(ids.toSorted(), planted.map(({ id }) => id).toSorted())
    // Two calls a page (list, then describe with tags) is what the services need at most.
    const pages = Math.ceil(total / fixture.pageSize) + 1
    assert.isAtMost(calls, 2 * (pages + fixture.emptyScanCalls), `${calls} calls for ${total} resources`)
    yield* Effect.forEach(planted, scanner.destroy, { concurrency: 8 })
  }
})

/** asks for no page that nobody wants. */
export const asksForNoMore = Effect.gen(function* () {
  const fixture = yield* ScannerFixture
  const scanner = yield* CloudScanner
  const type = fixture.types[0] ?? ""
  const planted = yield* plantMany(type, newInstance(), 4 * fixture.pageSize)
  const start = yield* fixture.calls
  yield* Stream.runDrain(scanner.scan)
  const whole = (yield* fixture.calls) - start
  yield* Stream.runDrain(Stream.take(scanner.scan, 1))
  assert.isBelow((yield* fixture.calls) - start - whole, whole)
  yield* Effect.forEach(planted, scanner.destroy, { concurrency: 8 })
})

/** reports other instances as theirs, and nothing that is nobody's. */
export const reportsOthers = Effect.gen(function* () {
  const fixture = yield* ScannerFixture
  const scanner = yield* CloudScanner
  for (const type of fixture.types) {
    const theirs = newInstance()
    const [foreign] = yield* plantMany(type, theirs, 1)
    const plain = yield* fixture.plant({ type, name: `somebody-${randomBytes(4).toString("hex")}` })
    const found = yield* Stream.runCollect(scanner.scan)
    assert.isTrue(found.some((one) => one.id === foreign?.id && isOf(one, theirs)))
    assert.isFalse(found.some((one) => one.type === type && one.id === plain.id))
    yield* Effect.forEach([foreign ?? plain, plain], scanner.destroy)
  }
})

/** destroys what it is told and nothing else; absent is success, also twice at once. */
export const destroysOnlyThat = Effect.gen(function* () {
  const fixture = yield* ScannerFixture
  const scanner = yield* CloudScanner
  for (const type of fixture.types) {
    const instance = newInstance()
    const planted = yield* plantMany(type, instance, 2)
    const [first = { type, id: "" }, second = first] = planted
    yield* Effect.all([scanner.destroy(first), scanner.destroy(first)], { concurrency: 2 })
    yield* scanner.destroy(first)
    assert.isFalse(yield* fixture.exists(first))
    assert.isTrue(yield* fixture.exists(second))
    assert.deepStrictEqual(
      (yield* scanOf(instance)).map(({ id }) => id),
      [second.id]
    )
    yield* scanner.destroy(second)
  }
})

/** lets garbage collection remove this instance's leftovers only. */
export const collectsOnlyOurs = Effect.suspend(() => {
  const ours = newInstance()
  return Effect.gen(function* () {
    const fixture = yield* ScannerFixture
    const scanner = yield* CloudScanner
    const type = fixture.types[0] ?? ""
    const [left = { type, id: "" }] = yield* plantMany(type, ours, 1)
    const [foreign = left] = yield* plantMany(type, newInstance(), 1)
    const plain = yield* fixture.plant({ type, name: `somebody-${randomBytes(4).toString("hex")}` })
    const planned = yield* collectGarbage({ graceMillis: 0, dryRun: true })
    assert.deepStrictEqual(
      planned.map(({ classified }) => classified.found.id),
      [left.id]
    )
    assert.isTrue(yield* fixture.exists(left))
    const done = yield* collectGarbage({ graceMillis: 0, dryRun: false })
    assert.deepStrictEqual(
      done.map(({ failed }) => failed),
      [undefined]
    )
    assert.isFalse(yield* fixture.exists(left))
    assert.isTrue(yield* fixture.exists(foreign))
    assert.isTrue(yield* fixture.exists(plain))
    yield* Effect.forEach([foreign, plain], scanner.destroy)
  }).pipe(Effect.provide(Ledger.memory(ours)))
})

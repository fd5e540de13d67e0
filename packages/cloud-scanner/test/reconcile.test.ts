import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { Fault } from "@sockerless/faults"
import { Ledger, namePrefix, type Operation } from "@sockerless/resource-registry"
import { awsTags } from "@sockerless/tags"
import { Effect, Layer, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  CloudScanner,
  collectGarbage,
  type Found,
  folderCloud,
  type FolderCloud,
  placeOf,
  reconcile
} from "../src/index.ts"

const ours = "00112233445566778899aabbccddeeff"
const theirs = "ffeeddccbbaa99887766554433221100"
const backend = "folder"

const newCloud = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "reconcile-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  ),
  (folder) => folderCloud({ folder, backend, pageSize: 3 })
)

const make = (
  cloud: FolderCloud,
  subject: string,
  more: {
    readonly name?: string
    readonly instance?: string
    readonly recoverable?: boolean
    readonly parent?: { readonly type: string; readonly id: string }
  } = {}
) =>
  cloud.create({
    type: "task",
    name: more.name ?? `${namePrefix(more.instance ?? ours)}${subject}`,
    tags: Result.getOrThrow(
      awsTags.map({
        containerId: subject,
        backend,
        instance: more.instance ?? ours,
        createdAt: new Date(0),
        epoch: 1,
        facts: {}
      })
    ),
    ...(more.recoverable === true && { recoverable: true }),
    ...(more.parent && { parent: more.parent })
  })

const request = (verb: string, subject: string, rule: "back" | "observe" | "forward") => ({
  verb,
  subject,
  backend,
  rule,
  request: ""
})

/** A call that reaches the cloud and whose answer does not come back. */
const lost = (cloud: FolderCloud, subject: string) => (operation: Operation) =>
  Effect.as(
    operation.make(
      { type: "task" },
      { create: ({ name }) => Effect.andThen(make(cloud, subject, { name }), Effect.fail("no answer")) }
    ),
    null
  )

const forward = () => Effect.succeed(null)
const within = <A, E>(cloud: FolderCloud, program: Effect.Effect<A, E, Ledger | CloudScanner>) =>
  program.pipe(Effect.provide(Layer.merge(Ledger.memory(ours), Layer.succeed(CloudScanner, cloud.scanner))))
const unreachable: Fault = { _tag: "Unreachable", kind: "unavailable", message: "the cloud does not answer" }
const idsOf = (cloud: FolderCloud) =>
  Effect.map(Stream.runCollect(cloud.scanner.scan), (found) => found.map(({ id }) => id).toSorted())

describe("reconcile", () => {
  it.effect("adopts the start whose answer was lost, and finishes what goes forward", () =>
    Effect.gen(function* () {
      const cloud = yield* newCloud
      yield* within(
        cloud,
        Effect.gen(function* () {
          const ledger = yield* Ledger
          const place = placeOf(cloud.scanner, [])
          yield* Effect.exit(ledger.perform(request("start", "one", "observe"), place, lost(cloud, "one")))
          yield* Effect.exit(
            ledger.perform(request("remove", "two", "forward"), place, (operation) =>
              Effect.andThen(
                operation.make({ type: "marker" }, { create: () => Effect.succeed({ id: "m" }) }),
                Effect.fail("no answer")
              )
            )
          )
          const finished: Array<string> = []
          const report = yield* reconcile({
            forward: (operation) =>
              Effect.sync(() => {
                finished.push(operation.request.subject)
                return null
              })
          })
          assert.lengthOf(report.recovery.adopted, 1)
          assert.lengthOf(report.recovery.completed, 1)
          assert.deepStrictEqual(finished, ["two"])
          assert.deepStrictEqual(report.steps, [])
          assert.deepStrictEqual(
            report.found.map((one) => one.class),
            ["known"]
          )
        })
      )
    })
  )

  it.effect("waits for what a place may not show yet, then undoes it, and removes it when it comes late", () =>
    Effect.gen(function* () {
      const cloud = yield* newCloud
      yield* within(
        cloud,
        Effect.gen(function* () {
          const ledger = yield* Ledger
          let name = ""
          yield* Effect.exit(
            ledger.perform(request("start", "one", "observe"), placeOf(cloud.scanner, []), (operation) =>
              Effect.as(
                operation.make(
                  { type: "task" },
                  {
                    create: (identity) => {
                      name = identity.name
                      return Effect.fail("no answer")
                    }
                  }
                ),
                null
              )
            )
          )
          assert.lengthOf((yield* reconcile({ forward })).recovery.waiting, 1)
          yield* TestClock.adjust("31 seconds")
          assert.lengthOf((yield* reconcile({ forward })).recovery.undone, 1)
          const late = yield* make(cloud, "one", { name })
          const report = yield* reconcile({ forward })
          assert.deepStrictEqual(
            report.steps.map(({ action, classified }) => [action, classified.class]),
            [["destroy", "tombstoned"]]
          )
          assert.isFalse(yield* cloud.exists(late.id))
        })
      )
    })
  )

  it.effect(
    "after the disk was lost takes back what tells its purpose and removes the rest, never what is another's",
    () =>
      Effect.gen(function* () {
        const cloud = yield* newCloud
        const kept = yield* make(cloud, "one", { recoverable: true })
        const orphan = yield* make(cloud, "two")
        const foreign = yield* make(cloud, "three", { instance: theirs })
        yield* TestClock.adjust("9 minutes")
        const young = yield* make(cloud, "four")
        yield* TestClock.adjust("2 minutes")
        yield* within(
          cloud,
          Effect.gen(function* () {
            const report = yield* reconcile({ forward })
            assert.deepStrictEqual(
              report.steps.map(({ action, classified }) => [action, classified.found.id]),
              [
                ["adopt", kept.id],
                ["destroy", orphan.id]
              ]
            )
            assert.deepStrictEqual(yield* idsOf(cloud), [kept.id, foreign.id, young.id].toSorted())
            const again = yield* reconcile({ forward })
            assert.deepStrictEqual(again.steps, [])
            assert.deepStrictEqual(
              (yield* (yield* Ledger).view).resources.map(({ subject, state }) => [subject, state]).toSorted(),
              [
                ["one", "held"],
                ["two", "gone"]
              ]
            )
          })
        )
      })
  )

  it.effect("calls a record vanished when two scans apart did not see it, not after one", () =>
    Effect.gen(function* () {
      const cloud = yield* newCloud
      yield* within(
        cloud,
        Effect.gen(function* () {
          const ledger = yield* Ledger
          const task = yield* make(cloud, "one")
          yield* ledger.adopt({ backend, subject: "one", type: "task", name: "one", resource: task, epoch: 1 })
          yield* TestClock.adjust("1 minute")
          yield* cloud.scanner.destroy(task)
          const first = yield* reconcile({ forward })
          assert.deepStrictEqual([first.missing.length, first.vanished.length], [1, 0])
          const hasty = yield* reconcile({ forward, previous: first })
          assert.deepStrictEqual([hasty.missing.length, hasty.vanished.length], [1, 0])
          yield* TestClock.adjust("31 seconds")
          const second = yield* reconcile({ forward, previous: first })
          assert.deepStrictEqual(
            second.vanished.map(({ subject }) => subject),
            ["one"]
          )
        })
      )
    })
  )
})

describe("collectGarbage", () => {
  it.effect("lists in a dry run, removes children before what they live in, and tries again what failed", () =>
    Effect.gen(function* () {
      const cloud = yield* newCloud
      const home = yield* make(cloud, "one")
      const child = yield* cloud.create({ type: "stream", name: "s", tags: {}, parent: home })
      yield* TestClock.adjust("1 hour")
      const order: Array<string> = []
      let answers = true
      const watched: FolderCloud = {
        ...cloud,
        scanner: {
          ...cloud.scanner,
          destroy: (target) =>
            Effect.suspend(() => {
              if (!answers) return Effect.fail(unreachable)
              order.push(target.type)
              return cloud.scanner.destroy(target)
            })
        }
      }
      yield* within(
        watched,
        Effect.gen(function* () {
          const planned = yield* collectGarbage({ dryRun: true })
          assert.deepStrictEqual(
            planned.map(({ classified }) => classified.found.id),
            [child.id, home.id]
          )
          assert.lengthOf(yield* idsOf(cloud), 2)
          answers = false
          assert.deepStrictEqual(
            (yield* collectGarbage({ dryRun: false })).map(({ failed }) => failed),
            ["the cloud does not answer", "the cloud does not answer"]
          )
          answers = true
          yield* reconcile({ forward })
          assert.deepStrictEqual(order, ["stream", "task"])
          assert.deepStrictEqual(yield* idsOf(cloud), [])
        })
      )
    })
  )

  it.effect("leaves what the place is already removing", () =>
    Effect.gen(function* () {
      const cloud = yield* newCloud
      yield* make(cloud, "one")
      yield* TestClock.adjust("1 hour")
      const scan = Stream.map(cloud.scanner.scan, (found): Found => ({ ...found, state: "deleting" }))
      const done = yield* within({ ...cloud, scanner: { ...cloud.scanner, scan } }, collectGarbage({ dryRun: false }))
      assert.deepStrictEqual(done, [])
    })
  )
})

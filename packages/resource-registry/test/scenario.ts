import { join } from "node:path"
import { storeSqlite } from "@sockerless/store"
import { Effect, Layer } from "effect"
import { bucketFile, Lease, Ledger, type RecoveryPlan } from "../src/index.ts"
import { folderPlace } from "./folder-place.ts"

const instance = "00112233445566778899aabbccddeeff"
const backend = "folder"

/** The ledger of a state folder, as a daemon opens it. */
export const ledgerIn = (folder: string) =>
  Ledger.layer.pipe(
    Layer.provide(Lease.bucket({ instance })),
    Layer.provide(bucketFile(join(folder, "bucket"))),
    Layer.provide(storeSqlite({ file: join(folder, "state.db"), ballastBytes: 0 }))
  )

/** How this place settles what a crash left open. */
export const planIn = (folder: string): Effect.Effect<RecoveryPlan, never, Ledger> =>
  Effect.map(Ledger, (ledger) => {
    const { place } = folderPlace(folder)
    return {
      backend,
      place,
      observe: (_, resources) => Effect.succeed(resources.some((entry) => entry.id !== undefined) ? "adopt" : "undo"),
      forward: (operation) => removeAll(ledger, operation.request.subject, folder)
    }
  })

const removeAll = (ledger: Ledger["Service"], subject: string, folder: string) =>
  Effect.gen(function* () {
    const { resources } = yield* ledger.view
    for (const entry of resources) {
      if (entry.subject === subject) yield* ledger.dispose(entry.key, folderPlace(folder).place)
    }
    yield* ledger.bury(subject, backend)
    return null
  })

/** A container's life, one whose create fails, and a resource found without a record. Every step may be repeated. */
export const scenario = (folder: string) =>
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const { place, steps, list, make } = folderPlace(folder)
    const request = (verb: string, subject: string, rule: "back" | "observe" | "forward") => ({
      verb,
      subject,
      backend,
      rule,
      request: verb
    })
    const buried = (subject: string) =>
      Effect.map(ledger.view, (view) => view.tombstones.some((stone) => stone.subject === subject))
    const did = (verb: string, subject: string) =>
      Effect.map(ledger.view, (view) =>
        view.operations.some((one) => one.verb === verb && one.subject === subject && one.state === "done")
      )
    if (!(yield* did("create", "one"))) {
      yield* ledger.perform(request("create", "one", "back"), place, (operation) =>
        Effect.gen(function* () {
          const role = yield* operation.make({ type: "role" }, steps)
          const definition = yield* operation.make({ type: "definition", name: "definition-of-one" }, steps)
          return { role: role.id, definition: definition.id }
        })
      )
    }
    if (!(yield* did("start", "one"))) {
      yield* ledger.perform(request("start", "one", "observe"), place, (operation) =>
        Effect.map(operation.make({ type: "task" }, steps), ({ id }) => id)
      )
    }
    yield* ledger.claim("one", 1, "agent-a")
    yield* Effect.exit(
      ledger.perform(request("create", "two", "back"), place, (operation) =>
        Effect.andThen(operation.make({ type: "definition" }, steps), Effect.fail("the place is full"))
      )
    )
    const stray = list().find(({ token }) => token === "stray")?.id ?? make("stray").id
    yield* ledger.adopt({ backend, subject: "stray", type: "task", name: "stray", resource: { id: stray }, epoch: 0 })
    if (!(yield* buried("one"))) {
      yield* ledger.perform(request("remove", "one", "forward"), place, () => removeAll(ledger, "one", folder))
    }
    yield* ledger.recover(yield* planIn(folder))
  })

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2] ?? ""
  await Effect.runPromise(scenario(folder).pipe(Effect.provide(ledgerIn(folder))))
}

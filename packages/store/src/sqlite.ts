import type { Worker } from "node:worker_threads"
import { Effect, Layer, Schema, type Scope } from "effect"
import { SchemaTooNew, StoreFailed, type StoreFault } from "./faults.ts"
import type { Answer, Request } from "./protocol.ts"
import { type SqliteOptions, type StartedWorker, startStoreWorker } from "./start-worker.ts"
import { type JsonValue, Store } from "./store.ts"

/** More waiting requests than this mean the disk has stopped; callers are told instead of piling up. */
const PENDING_LIMIT = 100_000

const parseJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Json))

type Unnumbered<R> = R extends { readonly id: number } ? Omit<R, "id"> : never

const opened = ({ worker, opened }: StartedWorker): Effect.Effect<Worker, StoreFault, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.flatMap(
      Effect.promise(() => opened),
      (word): Effect.Effect<Worker, StoreFault> => {
        if ("failed" in word) return Effect.fail(new StoreFailed({ reason: word.failed }))
        if (word.ok) return Effect.succeed(worker)
        return Effect.fail(new SchemaTooNew({ found: word.found ?? 0, supported: word.supported ?? 0 }))
      }
    ),
    (worker) => Effect.promise(() => worker.terminate())
  )

const makeCall = (worker: Worker) => {
  const waiting = new Map<number, (answer: Answer) => void>()
  let nextId = 1
  let dead: string | undefined
  worker.on("message", (answer: Answer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
    if (waiting.size === 0) worker.unref()
  })
  const fail = (reason: string): void => {
    dead = reason
    for (const [id, answer] of waiting) answer({ id, ok: false, reason })
    waiting.clear()
  }
  worker.on("error", (error: Error) => fail(error.message))
  worker.on("exit", () => fail("the store's worker thread has ended"))
  worker.unref()
  return (request: Unnumbered<Request>) =>
    Effect.callback<Extract<Answer, { readonly ok: true }>["rows"], StoreFailed>((resume) => {
      if (dead !== undefined) return resume(Effect.fail(new StoreFailed({ reason: dead })))
      if (waiting.size >= PENDING_LIMIT) {
        return resume(Effect.fail(new StoreFailed({ reason: `${PENDING_LIMIT} requests are waiting for the disk` })))
      }
      const id = nextId++
      if (waiting.size === 0) worker.ref()
      waiting.set(id, (answer) =>
        resume(answer.ok ? Effect.succeed(answer.rows) : Effect.fail(new StoreFailed({ reason: answer.reason })))
      )
      worker.postMessage({ ...request, id })
    })
}

/** A store over a thread that was started for it alone. */
export const sqliteOn = (started: StartedWorker): Layer.Layer<Store, StoreFault> =>
  Layer.effect(
    Store,
    Effect.gen(function* () {
      const call = makeCall(yield* opened(started))
      const value = (text: string): JsonValue => parseJson(text)
      return Store.of({
        commit: (writes) => (writes.length === 0 ? Effect.void : Effect.asVoid(call({ type: "commit", writes }))),
        all: (collection) =>
          Effect.map(call({ type: "all", collection }), (rows) =>
            rows.map((row) => ({ key: row.key, value: value(row.text) }))
          ),
        tail: (log, count) =>
          Effect.map(call({ type: "tail", log, count }), (rows) =>
            rows.map((row) => ({ sequence: Number(row.key), value: value(row.text) }))
          ),
        trim: (log, keepLast) => Effect.asVoid(call({ type: "trim", log, keepLast }))
      })
    })
  )

/** A store in one SQLite file, written by a worker thread so that no fsync stops the event loop. */
export const sqlite = (options: SqliteOptions): Layer.Layer<Store, StoreFault> =>
  Layer.suspend(() => sqliteOn(startStoreWorker(options)))

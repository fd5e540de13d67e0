import { randomUUID } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import { Effect, Layer } from "effect"
import { BucketFailed, PreconditionFailed } from "../faults.ts"
import { type BucketObject, CasBucket } from "./bucket.ts"

interface Row {
  readonly body: string
  readonly etag: string
  readonly modifiedAtMillis: number
}

/**
 * A bucket in one file, shared by all processes that open it and atomic among them: for tests, and for daemons that
 * share a disk. Its server time is the Effect clock.
 */
export const bucketFile = (file: string): Layer.Layer<CasBucket, BucketFailed> =>
  Layer.effect(
    CasBucket,
    Effect.gen(function* () {
      const attempt = <A>(key: string, act: () => A) =>
        Effect.try({ try: act, catch: (cause) => new BucketFailed({ key, reason: String(cause) }) })
      const database = yield* Effect.acquireRelease(
        attempt("", () => {
          const opened = new DatabaseSync(file)
          opened.exec(
            "PRAGMA busy_timeout=20000; CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, body TEXT NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL)"
          )
          return opened
        }),
        (opened) => Effect.sync(() => opened.close())
      )
      const read = database.prepare("SELECT body, etag, modified FROM objects WHERE key = ?")
      const insert = database.prepare("INSERT INTO objects VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
      const swap = database.prepare("UPDATE objects SET body = ?, etag = ?, modified = ? WHERE key = ? AND etag = ?")
      const row = (key: string): Row | undefined => {
        const found = read.get(key)
        return (
          found && {
            body: String(found["body"]),
            etag: String(found["etag"]),
            modifiedAtMillis: Number(found["modified"])
          }
        )
      }
      const written = (key: string, act: (etag: string, nowMillis: number) => number | bigint) =>
        Effect.gen(function* () {
          const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
          const etag = randomUUID()
          const changes = yield* attempt(key, () => act(etag, now))
          return Number(changes) === 1 ? etag : yield* new PreconditionFailed({ key })
        })
      return CasBucket.of({
        get: Effect.fnUntraced(function* (key) {
          const nowMillis = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
          const found = yield* attempt(key, () => row(key))
          return found && ({ ...found, nowMillis } satisfies BucketObject)
        }),
        putIfMatch: (key, body, etag) => written(key, (next, now) => swap.run(body, next, now, key, etag).changes),
        putIfAbsent: (key, body) => written(key, (etag, now) => insert.run(key, body, etag, now).changes)
      })
    })
  )

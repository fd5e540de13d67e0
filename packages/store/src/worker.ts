import { chmodSync } from "node:fs"
import { DatabaseSync, type StatementSync } from "node:sqlite"
import { parentPort, workerData } from "node:worker_threads"
import { killpoint } from "@sockerless/killpoints"
import { Ballast } from "./ballast.ts"
import { migrate } from "./migrations.ts"
import type { Answer, Request, WorkerOptions } from "./protocol.ts"
import type { Write } from "./store.ts"

/**
 * The only writer of the database. Invariants: a request is answered after the transaction that holds its writes is
 * on disk (`synchronous=FULL`); requests are applied in order of arrival; requests that arrive while one transaction
 * is being synced share the next. A request that fails is rolled back alone (savepoint) and the others go on.
 */
const SQLITE_FULL = 13
/** Bound of one transaction, so that one fsync never waits for an endless queue. */
const GROUP_LIMIT = 512

const options: WorkerOptions = workerData
const port = parentPort
if (port === null) throw new Error("the store worker runs as a worker thread only")

const database = new DatabaseSync(options.file)
chmodSync(options.file, 0o600)
database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY;")
const tooNew = migrate(database)
const ballast = new Ballast(`${options.file}.ballast`, options.ballastBytes)

const statements = new Map<string, StatementSync>()
const prepared = (sql: string): StatementSync => {
  const known = statements.get(sql)
  if (known !== undefined) return known
  const made = database.prepare(sql)
  statements.set(sql, made)
  return made
}

const apply = (write: Write): void => {
  if (write.op === "put") {
    prepared("INSERT OR REPLACE INTO records VALUES (?, ?, ?)").run(
      write.collection,
      write.key,
      JSON.stringify(write.value)
    )
  } else if (write.op === "delete") {
    prepared("DELETE FROM records WHERE collection = ? AND key = ?").run(write.collection, write.key)
  } else {
    prepared("INSERT INTO entries SELECT ?1, coalesce(max(sequence), 0) + 1, ?2 FROM entries WHERE log = ?1").run(
      write.log,
      JSON.stringify(write.value)
    )
  }
}

const read = (request: Exclude<Request, { readonly type: "commit" }>): Answer => {
  if (request.type === "all") {
    const rows = prepared("SELECT key, value FROM records WHERE collection = ? ORDER BY key").all(request.collection)
    return {
      id: request.id,
      ok: true,
      rows: rows.map((row) => ({ key: String(row["key"]), text: String(row["value"]) }))
    }
  }
  if (request.type === "tail") {
    const rows = prepared("SELECT sequence, value FROM entries WHERE log = ? ORDER BY sequence DESC LIMIT ?").all(
      request.log,
      request.count
    )
    return {
      id: request.id,
      ok: true,
      rows: rows.toReversed().map((row) => ({ key: String(row["sequence"]), text: String(row["value"]) }))
    }
  }
  prepared(
    "DELETE FROM entries WHERE log = ?1 AND sequence <= (SELECT max(sequence) FROM entries WHERE log = ?1) - ?2"
  ).run(request.log, request.keepLast)
  return { id: request.id, ok: true, rows: [] }
}

const reasonOf = (error: unknown): { readonly reason: string; readonly full: boolean } => ({
  reason: error instanceof Error ? error.message : String(error),
  full: error instanceof Error && "errcode" in error && error.errcode === SQLITE_FULL
})

const answerOne = (request: Request): Answer => {
  database.exec("SAVEPOINT request")
  try {
    if (request.type !== "commit") {
      const answer = read(request)
      database.exec("RELEASE request")
      return answer
    }
    for (const write of request.writes) apply(write)
    database.exec("RELEASE request")
    return { id: request.id, ok: true, rows: [] }
  } catch (error) {
    // A full disk ends the whole transaction, savepoints included; the group is then tried again without ballast.
    if (reasonOf(error).full) throw error
    database.exec("ROLLBACK TO request; RELEASE request")
    return { id: request.id, ok: false, reason: reasonOf(error).reason }
  }
}

const transact = (group: ReadonlyArray<Request>): ReadonlyArray<Answer> => {
  database.exec("BEGIN IMMEDIATE")
  try {
    const answers = group.map(answerOne)
    killpoint("store.commit.before")
    database.exec("COMMIT")
    killpoint("store.commit.after")
    return answers
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK")
    throw error
  }
}

const run = (group: ReadonlyArray<Request>): ReadonlyArray<Answer> => {
  try {
    return transact(group)
  } catch (error) {
    const failure = reasonOf(error)
    if (failure.full && ballast.drop()) return run(group)
    const reason = failure.full ? `the disk of ${options.file} is full; free some space and try again` : failure.reason
    return group.map((request) => ({ id: request.id, ok: false, reason }))
  }
}

const queue: Array<Request> = []
let scheduled = false

const drain = (): void => {
  scheduled = false
  const group = queue.splice(0, GROUP_LIMIT)
  for (const answer of run(group)) port.postMessage(answer)
  if (queue.length > 0) schedule()
}

const schedule = (): void => {
  if (scheduled) return
  scheduled = true
  // Messages that already wait in the port are delivered before the immediate: that is the group.
  setImmediate(drain)
}

if (tooNew === undefined) {
  ballast.restore()
  port.on("message", (request: Request) => {
    queue.push(request)
    schedule()
  })
}
port.postMessage({
  id: 0,
  ok: tooNew === undefined,
  rows: [],
  reason: "",
  ...(tooNew && { found: tooNew.found, supported: tooNew.supported })
})

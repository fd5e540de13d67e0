import type { DatabaseSync } from "node:sqlite"
import { SchemaTooNew } from "./faults.ts"

/** Step n brings a database from version n to n + 1. Steps are only ever added. */
const steps: ReadonlyArray<string> = [
  `CREATE TABLE records (collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (collection, key)) WITHOUT ROWID;
   CREATE TABLE entries (log TEXT NOT NULL, sequence INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (log, sequence)) WITHOUT ROWID;`
]

export const newestSchema = steps.length

/** Brings the database to the newest schema, each step in its own transaction; returns a fault for a newer one. */
export const migrate = (database: DatabaseSync): SchemaTooNew | undefined => {
  const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"])
  if (found > newestSchema) return new SchemaTooNew({ found, supported: newestSchema })
  for (const [version, step] of steps.entries()) {
    if (version < found) continue
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${version + 1}; COMMIT;`)
  }
  return undefined
}

import { Store, type StoreFault } from "@sockerless/store"
import { Effect } from "effect"
import { Changes } from "./database/changes.ts"
import { Locks } from "./database/locks.ts"
import { makeTables, tableNames, type Tables } from "./tables.ts"

export interface HubOptions {
  /** Where the repositories are: `<folder>/<id>.git`. */
  readonly repositoriesFolder: string
  /** Milliseconds since 1970; the clock of the machine unless a test stops it. */
  readonly now?: () => number
}

/** A GitHub: its rows, the way to change them, its repositories' folder, its clock. */
export interface Hub {
  readonly tables: Tables
  /** Runs a change and resolves when it is durable; see `Changes`. */
  readonly change: <A>(work: () => A) => Promise<A>
  /** Calls back after every commit. */
  readonly listen: (listener: () => void) => void
  /** Runs what touches a repository's refs, one after another per repository. */
  readonly exclusive: <A>(repositoryId: number, work: () => Promise<A>) => Promise<A>
  readonly repositoriesFolder: string
  readonly now: () => number
}

const SEQUENCES = "sequences"

/** Opens the hub on what the store holds. */
export const openHub = (options: HubOptions): Effect.Effect<Hub, StoreFault, Store> =>
  Effect.gen(function* () {
    const store = yield* Store
    const changes = new Changes((writes) => Effect.runPromise(store.commit(writes)))
    const locks = new Locks()
    const tables = makeTables(changes)
    const last = new Map((yield* store.all(SEQUENCES)).map((record) => [record.key, Number(record.value)]))
    for (const name of tableNames) {
      const records = yield* store.all(name)
      tables[name].load(
        records.map((record) => record.value),
        last.get(name) ?? 0
      )
    }
    return {
      tables,
      change: (work) => changes.change(work),
      listen: (listener) => changes.listen(listener),
      exclusive: (repositoryId, work) => locks.run(repositoryId, work),
      repositoriesFolder: options.repositoriesFolder,
      now: options.now ?? Date.now
    }
  })

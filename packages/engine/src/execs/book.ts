import type { ExecSession } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import type { JsonValue } from "@sockerless/store"
import { Deferred, Effect } from "effect"
import type { EngineContext } from "../context.ts"
import { DockerFault, notFound } from "../faults.ts"
import { fromJson, toJson } from "../stored-json.ts"
import type { ExecSnapshot } from "./execs.ts"

const COLLECTION = "execs"
const KEPT_MILLIS = 10 * 60 * 1000
/** Nobody saw the end of an exec that ran when the daemon died; success must not be told. */
const LOST_EXIT_CODE = 137
/** Ended execs are forgotten together once there are this many, so that a create rarely pays for it. */
const FORGET_AT = 64

interface ExecRecord {
  readonly snapshot: ExecSnapshot
  readonly endedAtMillis: number
}

/** One exec as this process knows it; `session` is there once it was started. */
export interface ExecEntry {
  snapshot: ExecSnapshot
  started: boolean
  endedAtMillis: number
  readonly session: Deferred.Deferred<ExecSession>
}

/** The execs of one daemon, in memory and in the store. */
export interface ExecBook {
  readonly find: (id: string) => Effect.Effect<ExecEntry, DockerFault>
  /** Durable before it is findable; also forgets what ended long ago. */
  readonly add: (entry: ExecEntry) => Effect.Effect<void, DockerFault>
  readonly save: (entry: ExecEntry) => Effect.Effect<void, DockerFault>
}

const stored = <A>(effect: Effect.Effect<A, { readonly message: string }>) =>
  Effect.mapError(effect, (fault) => new DockerFault({ kind: "failed", text: fault.message }))

const readAll = Effect.fnUntraced(function* (context: EngineContext): Effect.fn.Return<Map<string, ExecEntry>, Fault> {
  const byId = new Map<string, ExecEntry>()
  for (const { value } of yield* stored(context.store.all(COLLECTION))) {
    const record = fromJson<ExecRecord>(value as JsonValue, ["snapshot", "endedAtMillis"])
    if (record === undefined) continue
    const { running, exitCode } = record.snapshot
    byId.set(record.snapshot.spec.id, {
      snapshot: { ...record.snapshot, running: false, exitCode: running ? LOST_EXIT_CODE : exitCode },
      started: running || exitCode !== undefined,
      endedAtMillis: record.endedAtMillis || Date.now(),
      session: Deferred.makeUnsafe()
    })
  }
  return byId
})

/** Reads what the store knows. An exec is never replayed: one that ran when the daemon died is told as ended. */
export const openExecBook = Effect.fnUntraced(function* (context: EngineContext): Effect.fn.Return<ExecBook, Fault> {
  const byId = yield* readAll(context)
  const save = (entry: ExecEntry) =>
    stored(
      context.store.commit([
        {
          op: "put",
          collection: COLLECTION,
          key: entry.snapshot.spec.id,
          value: toJson({ snapshot: entry.snapshot, endedAtMillis: entry.endedAtMillis })
        }
      ])
    )

  const forgetOld = Effect.suspend(() => {
    const old = [...byId.values()].filter(
      (entry) => entry.endedAtMillis > 0 && Date.now() - entry.endedAtMillis > KEPT_MILLIS
    )
    if (old.length < FORGET_AT) return Effect.void
    for (const entry of old) byId.delete(entry.snapshot.spec.id)
    return stored(
      context.store.commit(old.map((entry) => ({ op: "delete", collection: COLLECTION, key: entry.snapshot.spec.id })))
    )
  })

  const find = (id: string): Effect.Effect<ExecEntry, DockerFault> => {
    const entry = byId.get(id)
    return entry === undefined ? Effect.fail(notFound(`No such exec instance: ${id}`)) : Effect.succeed(entry)
  }

  return {
    find,
    save,
    add: (entry) =>
      Effect.gen(function* () {
        yield* save(entry)
        byId.set(entry.snapshot.spec.id, entry)
        yield* forgetOld
      })
  }
})

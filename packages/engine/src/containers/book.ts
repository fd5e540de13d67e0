import type { JsonValue, Store, Write } from "@sockerless/store"
import { Effect, PubSub, Stream } from "effect"
import { conflict, DockerFault, invalid, noSuchContainer, notFound, unavailable } from "../faults.ts"
import { fromJson, toJson } from "../stored-json.ts"
import type { ContainerRecord, Ended, Entry } from "./entry.ts"
import type { ContainerSnapshot } from "./snapshot.ts"

const COLLECTION = "containers"
const TOMBSTONES = "tombstones"
const TOMBSTONE_MILLIS = 10 * 60 * 1000

interface Tombstone {
  readonly id: string
  readonly name: string
  readonly exitCode: number
  readonly removedAtMillis: number
}

/**
 * All containers by id and name, and their durable records. Invariant: a change is durable before it is visible in
 * the snapshot, and the snapshot is replaced, never changed.
 */
export class ContainerBook {
  readonly #store: Store["Service"]
  readonly #byId = new Map<string, Entry>()
  readonly #byName = new Map<string, string>()
  readonly #tombstones = new Map<string, Tombstone>()
  readonly #changes: PubSub.PubSub<ContainerSnapshot>

  constructor(store: Store["Service"], changes: PubSub.PubSub<ContainerSnapshot>) {
    this.#store = store
    this.#changes = changes
  }

  get all(): ReadonlyArray<Entry> {
    return [...this.#byId.values()]
  }

  get changes(): Stream.Stream<ContainerSnapshot> {
    return Stream.fromPubSub(this.#changes)
  }

  byId(id: string): Entry | undefined {
    return this.#byId.get(id)
  }

  isNameTaken(name: string): boolean {
    return this.#byName.has(name)
  }

  /** Reserves a name at once, so that two creates cannot both get it. */
  reserveName(name: string, id: string): Effect.Effect<void, DockerFault> {
    return Effect.suspend(() => {
      const owner = this.#byName.get(name)
      if (owner !== undefined && owner !== id) {
        return Effect.fail(
          conflict(
            `Conflict. The container name "/${name}" is already in use by container "${owner}". You have to remove (or rename) that container to be able to reuse that name.`
          )
        )
      }
      this.#byName.set(name, id)
      return Effect.void
    })
  }

  releaseName(name: string, id: string): void {
    if (this.#byName.get(name) === id) this.#byName.delete(name)
  }

  add(entry: Entry): void {
    this.#byId.set(entry.snapshot.spec.id, entry)
    this.#byName.set(entry.snapshot.spec.name, entry.snapshot.spec.id)
  }

  /** Forgets an entry whose record is gone. */
  drop(entry: Entry): void {
    this.#byId.delete(entry.snapshot.spec.id)
    this.releaseName(entry.snapshot.spec.name, entry.snapshot.spec.id)
  }

  /** Full id, then name, then unique id prefix. */
  resolve(ref: string): Effect.Effect<Entry, DockerFault> {
    return Effect.suspend(() => {
      const name = ref.replace(/^\//, "")
      const exact = this.#byId.get(ref) ?? this.#byId.get(this.#byName.get(name) ?? "")
      if (exact !== undefined) return Effect.succeed(exact)
      if (!/^[0-9a-f]+$/.test(ref)) return Effect.fail(noSuchContainer(ref))
      const matches = [...this.#byId.keys()].filter((id) => id.startsWith(ref))
      if (matches.length > 1) return Effect.fail(invalid(`multiple IDs found with provided prefix: ${ref}`))
      const found = this.#byId.get(matches[0] ?? "")
      return found === undefined ? Effect.fail(noSuchContainer(ref)) : Effect.succeed(found)
    })
  }

  /** As `resolve`, for a change: refused with "try again" while recovery has not looked at the container. */
  resolveForChange(ref: string): Effect.Effect<Entry, DockerFault> {
    return Effect.flatMap(this.resolve(ref), (entry) =>
      entry.reconciled
        ? Effect.succeed(entry)
        : Effect.fail(unavailable(`container ${ref} is being recovered after a restart of the daemon; try again`))
    )
  }

  /** Makes a new state durable, then visible. */
  save(
    entry: Entry,
    snapshot: ContainerSnapshot,
    intent: ContainerRecord["intent"] = null
  ): Effect.Effect<void, DockerFault> {
    const record: ContainerRecord = { snapshot, handle: entry.handle ?? null, intent }
    return this.#commit([{ op: "put", collection: COLLECTION, key: snapshot.spec.id, value: toJson(record) }]).pipe(
      Effect.tap(() =>
        Effect.suspend(() => {
          entry.snapshot = snapshot
          return PubSub.publish(this.#changes, snapshot)
        })
      )
    )
  }

  /** Deletes the record; `tombstone` keeps the exit code of a container that removed itself. */
  erase(entry: Entry, tombstone: boolean): Effect.Effect<void, DockerFault> {
    const { spec, state } = entry.snapshot
    const grave: Tombstone = { id: spec.id, name: spec.name, exitCode: state.exitCode, removedAtMillis: Date.now() }
    const writes: ReadonlyArray<Write> = [
      { op: "delete", collection: COLLECTION, key: spec.id },
      ...(tombstone ? [{ op: "put" as const, collection: TOMBSTONES, key: spec.id, value: toJson(grave) }] : [])
    ]
    return this.#commit(writes).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          if (tombstone) this.#tombstones.set(spec.id, grave)
          this.drop(entry)
        })
      ),
      Effect.andThen(this.#buryOld())
    )
  }

  /** The end of a container that removed itself within the last ten minutes, by full id. */
  tombstone(ref: string): Ended | undefined {
    const grave = this.#tombstones.get(ref)
    return grave === undefined || Date.now() - grave.removedAtMillis > TOMBSTONE_MILLIS
      ? undefined
      : { exitCode: grave.exitCode, error: undefined }
  }

  /** Reads every record back; a record that is not ours is reported, never dropped. */
  load(): Effect.Effect<ReadonlyArray<ContainerRecord>, DockerFault> {
    return Effect.gen({ self: this }, function* () {
      const read = (collection: string) => this.#stored(this.#store.all(collection))
      for (const { value } of yield* read(TOMBSTONES)) {
        const grave = fromJson<Tombstone>(value, ["id", "exitCode", "removedAtMillis"])
        if (grave !== undefined) this.#tombstones.set(grave.id, grave)
      }
      return yield* Effect.forEach(yield* read(COLLECTION), ({ key, value }: { key: string; value: JsonValue }) => {
        const record = fromJson<ContainerRecord>(value, ["snapshot", "handle", "intent"])
        return record === undefined
          ? Effect.fail(notFound(`state store: the record of container ${key} is not of this version's form`))
          : Effect.succeed(record)
      })
    })
  }

  #buryOld(): Effect.Effect<void, DockerFault> {
    return Effect.suspend(() => {
      const old = [...this.#tombstones.values()].filter(
        (grave) => Date.now() - grave.removedAtMillis > TOMBSTONE_MILLIS
      )
      if (old.length < 64) return Effect.void
      for (const grave of old) this.#tombstones.delete(grave.id)
      return this.#commit(old.map((grave) => ({ op: "delete", collection: TOMBSTONES, key: grave.id })))
    })
  }

  #commit(writes: ReadonlyArray<Write>): Effect.Effect<void, DockerFault> {
    return this.#stored(this.#store.commit(writes))
  }

  #stored<A>(effect: Effect.Effect<A, { readonly message: string }>): Effect.Effect<A, DockerFault> {
    return Effect.mapError(effect, (fault) => new DockerFault({ kind: "failed", text: fault.message }))
  }
}

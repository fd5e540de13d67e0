import type { Store } from "@sockerless/store"
import { Effect } from "effect"
import { DockerFault } from "../faults.ts"
import { fromJson, toJson } from "../stored-json.ts"
import type { VolumeSnapshot } from "./volumes.ts"

const COLLECTION = "volumes"

export type VolumeRecord = Omit<VolumeSnapshot, "usedBy">

/** All volumes by name, durable. */
export class VolumeBook {
  readonly #store: Store["Service"]
  readonly #byName = new Map<string, VolumeRecord>()

  constructor(store: Store["Service"]) {
    this.#store = store
  }

  get all(): ReadonlyArray<VolumeRecord> {
    return [...this.#byName.values()]
  }

  byName(name: string): VolumeRecord | undefined {
    return this.#byName.get(name)
  }

  /** Where a volume lives; empty for one nobody made. */
  mountpoint(name: string): string {
    return this.#byName.get(name)?.mountpoint ?? ""
  }

  load(): Effect.Effect<void, DockerFault> {
    return Effect.map(this.#stored(this.#store.all(COLLECTION)), (records) => {
      for (const { value } of records) {
        const volume = fromJson<VolumeRecord>(value, ["name", "mountpoint"])
        if (volume !== undefined) this.#byName.set(volume.name, volume)
      }
    })
  }

  save(volume: VolumeRecord): Effect.Effect<void, DockerFault> {
    return Effect.map(
      this.#stored(
        this.#store.commit([{ op: "put", collection: COLLECTION, key: volume.name, value: toJson(volume) }])
      ),
      () => void this.#byName.set(volume.name, volume)
    )
  }

  erase(name: string): Effect.Effect<void, DockerFault> {
    return Effect.map(
      this.#stored(this.#store.commit([{ op: "delete", collection: COLLECTION, key: name }])),
      () => void this.#byName.delete(name)
    )
  }

  #stored<A>(effect: Effect.Effect<A, { readonly message: string }>): Effect.Effect<A, DockerFault> {
    return Effect.mapError(effect, (fault) => new DockerFault({ kind: "failed", text: fault.message }))
  }
}

import type { NetworkSpec } from "@sockerless/backend-contract"
import type { Store } from "@sockerless/store"
import { Effect } from "effect"
import { DockerFault, invalid, notFound } from "../faults.ts"
import { fromJson, toJson } from "../stored-json.ts"

const COLLECTION = "networks"

/** All networks, durable, in order of creation. */
export class NetworkBook {
  readonly #store: Store["Service"]
  readonly #byId = new Map<string, NetworkSpec>()

  constructor(store: Store["Service"]) {
    this.#store = store
  }

  get all(): ReadonlyArray<NetworkSpec> {
    return [...this.#byId.values()]
  }

  load(): Effect.Effect<void, DockerFault> {
    return Effect.map(this.#stored(this.#store.all(COLLECTION)), (records) => {
      const networks = records.flatMap(({ value }) => fromJson<NetworkSpec>(value, ["id", "name", "ipam"]) ?? [])
      for (const network of networks.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1))) {
        this.#byId.set(network.id, network)
      }
    })
  }

  byId(id: string): Effect.Effect<NetworkSpec, DockerFault> {
    const network = this.#byId.get(id)
    return network === undefined ? Effect.fail(notFound(`network ${id} not found`)) : Effect.succeed(network)
  }

  byName(name: string): NetworkSpec | undefined {
    return this.all.find((network) => network.name === name)
  }

  /** Full id, full name, unique id prefix. */
  resolve(ref: string): Effect.Effect<NetworkSpec, DockerFault> {
    const exact = this.#byId.get(ref) ?? this.byName(ref)
    if (exact !== undefined) return Effect.succeed(exact)
    const matches = ref === "" ? [] : this.all.filter((network) => network.id.startsWith(ref))
    if (matches.length > 1) {
      return Effect.fail(invalid(`network ${ref} is ambiguous (${matches.length} matches found based on ID prefix)`))
    }
    const [found] = matches
    return found === undefined ? Effect.fail(notFound(`network ${ref} not found`)) : Effect.succeed(found)
  }

  save(network: NetworkSpec): Effect.Effect<void, DockerFault> {
    return Effect.map(
      this.#stored(
        this.#store.commit([{ op: "put", collection: COLLECTION, key: network.id, value: toJson(network) }])
      ),
      () => void this.#byId.set(network.id, network)
    )
  }

  erase(id: string): Effect.Effect<void, DockerFault> {
    return Effect.map(
      this.#stored(this.#store.commit([{ op: "delete", collection: COLLECTION, key: id }])),
      () => void this.#byId.delete(id)
    )
  }

  #stored<A>(effect: Effect.Effect<A, { readonly message: string }>): Effect.Effect<A, DockerFault> {
    return Effect.mapError(effect, (fault) => new DockerFault({ kind: "failed", text: fault.message }))
  }
}

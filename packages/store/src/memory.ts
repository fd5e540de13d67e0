import { Effect, Layer } from "effect"
import { type JsonValue, type LogEntry, Store, type Write } from "./store.ts"

/** A store that forgets when its scope ends: for tests of what is built on the store. */
export const memory: Layer.Layer<Store> = Layer.effect(
  Store,
  Effect.sync(() => {
    const collections = new Map<string, Map<string, JsonValue>>()
    const logs = new Map<string, Array<LogEntry>>()
    const entry = <V>(map: Map<string, V>, key: string, make: () => V): V => {
      const known = map.get(key)
      if (known !== undefined) return known
      const made = make()
      map.set(key, made)
      return made
    }
    const apply = (write: Write): void => {
      if (write.op === "append") {
        const entries = entry(logs, write.log, () => [])
        entries.push({ sequence: (entries.at(-1)?.sequence ?? 0) + 1, value: structuredClone(write.value) })
        return
      }
      const records = entry(collections, write.collection, () => new Map())
      if (write.op === "put") records.set(write.key, structuredClone(write.value))
      else records.delete(write.key)
    }
    return Store.of({
      commit: (writes) => Effect.sync(() => writes.forEach(apply)),
      all: (collection) =>
        Effect.sync(() =>
          [...(collections.get(collection) ?? [])]
            .map(([key, value]) => ({ key, value }))
            .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        ),
      tail: (log, count) => Effect.sync(() => (count === 0 ? [] : (logs.get(log) ?? []).slice(-count))),
      trim: (log, keepLast) =>
        Effect.sync(() => {
          const entries = logs.get(log) ?? []
          entries.splice(0, Math.max(0, entries.length - keepLast))
        })
    })
  })
)

import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { type EngineContext, defaultBackend, publish } from "../context.ts"
import { conflict, invalid, notFound } from "../faults.ts"
import { booleanFilter, anyValue, checkFilterKeys, lacksLabels, matchesLabels, untilMillis } from "../filter-rules.ts"
import type { Filters } from "../filters.ts"
import { patternFilter } from "../name-pattern.ts"
import { newId, nowTime } from "../identity.ts"
import { whenOpen } from "../opening.ts"
import type { VolumeRecord } from "./book.ts"
import type { CreateVolume, Volumes, VolumeSnapshot } from "./volumes.ts"

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/
const listKeys = new Set(["dangling", "name", "driver", "label"])
const pruneKeys = new Set(["label", "label!", "all", "until"])

const usersOf = (context: EngineContext, name: string): ReadonlyArray<string> =>
  context.book.all
    .filter((entry) => entry.snapshot.spec.mounts.some((mount) => mount.type === "volume" && mount.name === name))
    .map((entry) => entry.snapshot.spec.id)

const snapshotOf = (context: EngineContext, record: VolumeRecord): VolumeSnapshot => ({
  ...record,
  usedBy: usersOf(context, record.name)
})

/** Makes a volume exist: recorded first, so that a crash leaves a record without a folder rather than the reverse. */
export const createVolume = Effect.fn("engine.volumes.create")(function* (
  context: EngineContext,
  request: CreateVolume,
  anonymous: boolean
): Effect.fn.Return<VolumeRecord, Fault> {
  const name = request.name === "" ? newId() : request.name
  if (!NAME.test(name)) {
    return yield* Effect.fail(
      invalid(
        `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`
      )
    )
  }
  if (request.driver !== "" && request.driver !== "local") {
    return yield* Effect.fail(
      notFound(`create ${name}: error looking up volume plugin ${request.driver}: plugin "${request.driver}" not found`)
    )
  }
  const known = context.volumes.byName(name)
  if (known !== undefined) return known
  const backend = yield* defaultBackend(context)
  killpoint("engine.volume-create.before-call")
  const { mountpoint } = yield* backend.volumes.create(name, request.options)
  killpoint("engine.volume-create.before-outcome")
  const record: VolumeRecord = {
    name,
    driver: "local",
    labels: request.labels,
    options: request.options,
    mountpoint,
    anonymous: anonymous || request.name === "",
    createdAt: nowTime()
  }
  yield* context.volumes.save(record)
  killpoint("engine.volume-create.after-outcome")
  yield* publish(context, "volume", "create", name, { driver: "local" })
  return record
})

/** Removes a volume that nobody uses; the record goes last. */
export const eraseVolume = Effect.fn("engine.volumes.remove")(function* (
  context: EngineContext,
  name: string
): Effect.fn.Return<void, Fault> {
  const backend = yield* defaultBackend(context)
  killpoint("engine.volume-remove.before-call")
  yield* backend.volumes.remove(name)
  killpoint("engine.volume-remove.before-outcome")
  yield* context.volumes.erase(name)
  killpoint("engine.volume-remove.after-outcome")
  yield* publish(context, "volume", "destroy", name, { driver: "local" })
})

const list = (context: EngineContext, filters: Filters) =>
  Effect.gen(function* () {
    yield* checkFilterKeys(filters, listKeys)
    const dangling = yield* booleanFilter(filters, "dangling")
    const matchesName = yield* patternFilter(filters, "name")
    return context.volumes.all
      .map((record) => snapshotOf(context, record))
      .filter(
        (volume) =>
          (dangling === undefined || dangling === (volume.usedBy.length === 0)) &&
          matchesName(volume.name) &&
          anyValue(filters, "driver", (value) => value === volume.driver) &&
          matchesLabels(volume.labels, filters.get("label") ?? [])
      )
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  })

const prune = (context: EngineContext, filters: Filters) =>
  Effect.gen(function* () {
    yield* checkFilterKeys(filters, pruneKeys)
    const all = (yield* booleanFilter(filters, "all")) ?? false
    const [until] = filters.get("until") ?? []
    const before = until === undefined ? Number.POSITIVE_INFINITY : yield* untilMillis(until)
    const backend = yield* defaultBackend(context)
    const doomed = context.volumes.all.filter(
      (volume) =>
        usersOf(context, volume.name).length === 0 &&
        (all || volume.anonymous) &&
        Date.parse(volume.createdAt) < before &&
        matchesLabels(volume.labels, filters.get("label") ?? []) &&
        lacksLabels(volume.labels, filters.get("label!") ?? [])
    )
    let reclaimedBytes = 0
    for (const { name } of doomed) {
      reclaimedBytes += (yield* backend.volumes.usage(name)).bytes
      yield* eraseVolume(context, name)
    }
    yield* publish(context, "volume", "prune", "", { reclaimed: String(reclaimedBytes) })
    return { deleted: doomed.map(({ name }) => name), reclaimedBytes }
  })

/** The verbs of `docker volume`. */
export const makeVolumes = (context: EngineContext): Volumes["Service"] => {
  const find = (name: string) => {
    const record = context.volumes.byName(name)
    return record === undefined ? Effect.fail(notFound(`get ${name}: no such volume`)) : Effect.succeed(record)
  }
  return {
    create: (request) =>
      whenOpen(
        context,
        Effect.map(createVolume(context, request, false), (record) => snapshotOf(context, record))
      ),
    inspect: (name) => Effect.map(find(name), (record) => snapshotOf(context, record)),
    list: (filters) => list(context, filters),
    remove: (name, options) =>
      whenOpen(
        context,
        Effect.gen(function* () {
          if (context.volumes.byName(name) === undefined && options.force) return
          yield* find(name)
          const users = usersOf(context, name)
          if (users.length > 0) {
            return yield* Effect.fail(conflict(`remove ${name}: volume is in use - [${users.join(", ")}]`))
          }
          yield* eraseVolume(context, name)
        })
      ),
    prune: (filters) => whenOpen(context, prune(context, filters))
  }
}

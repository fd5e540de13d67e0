import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Deferred, Effect, Fiber } from "effect"
import { backendOf, containerEvent, type EngineContext, publish } from "../context.ts"
import { conflict, notFound } from "../faults.ts"
import { eraseVolume } from "../volumes/verbs.ts"
import { type Entry, isRunning, type Removal } from "./entry.ts"

/** The volumes that were made for this container alone. */
export const anonymousVolumesOf = (context: EngineContext, entry: Entry): ReadonlyArray<string> =>
  entry.snapshot.spec.mounts.flatMap((mount) => {
    if (mount.type !== "volume" || context.volumes.byName(mount.name)?.anonymous !== true) return []
    const shared = context.book.all.some(
      (other) =>
        other !== entry && other.snapshot.spec.mounts.some((its) => its.type === "volume" && its.name === mount.name)
    )
    return shared ? [] : [mount.name]
  })

/** Removes an ended container with the lock held, whose intent is durable: backend, volumes, record, in this order. */
export const removeIntended = Effect.fn("engine.containers.remove-intended")(function* (
  context: EngineContext,
  entry: Entry,
  options: Removal
): Effect.fn.Return<void, Fault> {
  const { snapshot } = entry
  const { id } = snapshot.spec
  const backend = yield* backendOf(context, entry)
  const volumes = options.volumes ? anonymousVolumesOf(context, entry) : []
  entry.snapshot = { ...snapshot, state: { ...snapshot.state, status: "removing" } }
  killpoint("engine.remove.after-intent")
  yield* backend.remove(id, entry.handle)
  killpoint("engine.remove.before-outcome")
  for (const name of volumes) yield* eraseVolume(context, name)
  killpoint("engine.remove.after-volumes")
  yield* context.book.erase(entry, options.tombstone)
  killpoint("engine.remove.after-outcome")
  const ended = { exitCode: snapshot.state.exitCode, error: undefined }
  yield* Deferred.succeed(entry.nextExit, ended)
  yield* Deferred.succeed(entry.removed, ended)
  yield* containerEvent(context, entry, "destroy")
})

/** As `removeIntended`, its intent first. */
export const removeLocked = Effect.fn("engine.containers.remove-locked")(function* (
  context: EngineContext,
  entry: Entry,
  { tombstone, volumes }: Removal
): Effect.fn.Return<void, Fault> {
  const { snapshot } = entry
  yield* context.book.save(
    entry,
    { ...snapshot, state: { ...snapshot.state, status: "removing" } },
    { verb: "remove", id: snapshot.spec.id, volumes, tombstone }
  )
  yield* removeIntended(context, entry, { volumes, tombstone })
})

const stateWord = (entry: Entry): string => (entry.snapshot.state.status === "paused" ? "paused" : "running")

const refusal = (entry: Entry) => {
  const { name } = entry.snapshot.spec
  return stateWord(entry) === "paused"
    ? conflict(`cannot remove container "/${name}": container is paused and must be unpaused first`)
    : conflict(
        `cannot remove container "/${name}": container is running: stop the container before removing or force remove`
      )
}

const killAndWait = Effect.fnUntraced(function* (context: EngineContext, entry: Entry) {
  const backend = yield* backendOf(context, entry)
  const { nextExit, handle } = entry
  if (handle === undefined) return
  if (entry.snapshot.state.status === "paused") yield* backend.resume(handle)
  // Gone between the look and the signal is what was wanted.
  yield* backend.signal(handle, 9).pipe(
    Effect.catchIf(
      (fault) => fault.kind === "conflict",
      () => Effect.void
    )
  )
  yield* Deferred.await(nextExit)
})

/** Durable before the signal, so that a crash after it neither restarts the container nor leaves it behind. */
const intendRemoval = (context: EngineContext, entry: Entry, removal: Removal) =>
  entry.lock.withPermit(
    Effect.suspend(() =>
      isRunning(entry)
        ? context.book.save(
            entry,
            { ...entry.snapshot, stoppedByUser: true },
            { verb: "remove", id: entry.snapshot.spec.id, ...removal }
          )
        : Effect.void
    )
  )

/** `docker rm`. Concurrent removals of one container: the second is told so. */
export const removeContainer = Effect.fn("engine.containers.remove")(function* (
  context: EngineContext,
  ref: string,
  options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean }
): Effect.fn.Return<void, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  yield* Effect.gen(function* () {
    if (entry.snapshot.state.status === "removing") {
      return yield* Effect.fail(conflict(`removal of container ${ref} is already in progress`))
    }
    const busy = isRunning(entry) || entry.snapshot.state.status === "restarting"
    if (busy && !options.force) return yield* Effect.fail(refusal(entry))
    if (entry.restart !== undefined) {
      const { restart } = entry
      entry.restart = undefined
      yield* Fiber.interrupt(restart)
    }
    if (isRunning(entry)) {
      yield* intendRemoval(context, entry, { volumes: options.volumes, tombstone: false })
      killpoint("engine.remove.before-signal")
      yield* killAndWait(context, entry)
    }
    yield* entry.lock.withPermit(
      Effect.gen(function* () {
        // An auto-removed container may be gone by now: what was asked for has happened.
        if (context.book.byId(entry.snapshot.spec.id) === undefined) {
          return options.force ? undefined : yield* Effect.fail(notFound(`No such container: ${ref}`))
        }
        yield* removeLocked(context, entry, { volumes: options.volumes, tombstone: false })
      })
    )
  }).pipe(Effect.uninterruptible)
})

/** Tells the networks' watchers that an ended container left. */
export const publishDisconnects = (context: EngineContext, entry: Entry) =>
  Effect.forEach(
    Object.keys(entry.snapshot.endpoints),
    (networkId) =>
      Effect.flatMap(context.networks.byId(networkId), (network) =>
        publish(context, "network", "disconnect", networkId, {
          container: entry.snapshot.spec.id,
          name: network.name,
          type: network.driver
        })
      ),
    { discard: true }
  )

import type { ResourceLimits } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { backendOf, containerEvent, type EngineContext, handleOf } from "../context.ts"
import { conflict } from "../faults.ts"
import type { UpdateContainer } from "./containers.ts"
import { isRunning } from "./entry.ts"
import { checkResources } from "./validate.ts"

/** Zero means "leave as it is" in an update. */
const given = (limits: ResourceLimits): ResourceLimits =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== 0 && value !== "" && value !== undefined))

/** `docker update`: limits at once where it runs, and for every later start. */
export const updateContainer = Effect.fn("engine.containers.update")(function* (
  context: EngineContext,
  ref: string,
  change: UpdateContainer
): Effect.fn.Return<{ readonly warnings: ReadonlyArray<string> }, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  return yield* entry.lock
    .withPermit(
      Effect.gen(function* () {
        const { snapshot } = entry
        const { spec } = snapshot
        const resources = { ...spec.resources, ...given(change.resources) }
        yield* Effect.mapError(checkResources(resources), (fault) =>
          fault.message.includes("memoryswap")
            ? conflict(
                `Cannot update container ${spec.id}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`
              )
            : fault
        )
        if (spec.autoRemove && change.restart !== undefined && change.restart.name !== "no") {
          return yield* Effect.fail(
            conflict("Restart policy cannot be updated because AutoRemove is enabled for the container")
          )
        }
        if (isRunning(entry) && Object.keys(given(change.resources)).length > 0) {
          yield* (yield* backendOf(context, entry)).update(yield* handleOf(entry), resources)
          killpoint("engine.update.before-outcome")
        }
        yield* context.book.save(entry, {
          ...snapshot,
          spec: { ...spec, resources, restart: change.restart ?? spec.restart },
          echo: { ...snapshot.echo, hostConfig: { ...snapshot.echo.hostConfig, ...change.echo } }
        })
        killpoint("engine.update.after-outcome")
        yield* containerEvent(context, entry, "update")
        return { warnings: [] }
      })
    )
    .pipe(Effect.uninterruptible)
})

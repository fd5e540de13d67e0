import { killpoint } from "@sockerless/killpoints"
import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import { containerEvent, type EngineContext } from "../context.ts"
import { conflict, invalid } from "../faults.ts"
import { checkName } from "./names.ts"

/** `docker rename`: the old name is free only when the new one is durable. */
export const renameContainer = Effect.fn("engine.containers.rename")(function* (
  context: EngineContext,
  ref: string,
  given: string
): Effect.fn.Return<void, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  if (given === "") return yield* Effect.fail(invalid("Neither old nor new names may be empty"))
  const { name, fault } = checkName(given)
  if (fault !== undefined) return yield* Effect.fail(fault)
  yield* entry.lock
    .withPermit(
      Effect.gen(function* () {
        const { spec } = entry.snapshot
        if (spec.name === name) {
          return yield* Effect.fail(invalid("Renaming a container with the same name as its current name"))
        }
        yield* Effect.mapError(context.book.reserveName(name, spec.id), (clash) =>
          conflict(`Error when allocating new name: ${clash.message}`)
        )
        const oldName = spec.name
        killpoint("engine.rename.before-outcome")
        yield* context.book
          .save(entry, { ...entry.snapshot, spec: { ...spec, name } })
          .pipe(Effect.tapError(() => Effect.sync(() => context.book.releaseName(name, spec.id))))
        killpoint("engine.rename.after-outcome")
        context.book.releaseName(oldName, spec.id)
        yield* containerEvent(context, entry, "rename", { oldName: `/${oldName}` })
      })
    )
    .pipe(Effect.uninterruptible)
})

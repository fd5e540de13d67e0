import type { Fault } from "@sockerless/faults"
import { Ledger, type LedgerFault } from "@sockerless/resource-registry"
import { Effect } from "effect"
import type { Classified } from "./classify.ts"
import { placeOf } from "./place.ts"
import { CloudScanner } from "./scanner.ts"

/** What was done, or in a dry run would be, to one resource. */
export interface SweepStep {
  readonly action: "adopt" | "destroy"
  readonly classified: Classified
  /** Why it could not be done; it is tried again by the next sweep. */
  readonly failed?: string
}

const CONCURRENCY = 8

const DEPTH_LIMIT = 4

/** How many of the others a resource lives in; a loop of parents ends at the limit. */
const depthsOf = (all: ReadonlyArray<Classified>): ((one: Classified) => number) => {
  const byKey = new Map(all.map((one) => [`${one.found.type}\n${one.found.id}`, one]))
  const home = ({ found }: Classified) => found.parent && byKey.get(`${found.parent.type}\n${found.parent.id}`)
  return (one) => {
    let depth = 0
    for (let at = home(one); at !== undefined && depth < DEPTH_LIMIT; at = home(at)) depth += 1
    return depth
  }
}

/** What a classification asks for: adoptions first, then removals, what lives in others before them, youngest first. */
export const stepsFor = (classified: ReadonlyArray<Classified>): ReadonlyArray<SweepStep> => {
  const adopt = classified.filter((one) => one.class === "adopt")
  const destroy = classified.filter(
    (one) => (one.class === "tombstoned" || one.class === "orphan") && one.found.state !== "deleting"
  )
  const depthOf = depthsOf(destroy)
  return [
    ...adopt.map((one) => ({ action: "adopt" as const, classified: one })),
    ...destroy
      .toSorted((a, b) => depthOf(b) - depthOf(a) || a.found.ageMillis - b.found.ageMillis)
      .map((one) => ({ action: "destroy" as const, classified: one }))
  ]
}

const record = Effect.fnUntraced(function* ({ found }: Classified) {
  const { backend } = yield* CloudScanner
  const tags = found.tags !== undefined && !("_tag" in found.tags) ? found.tags : undefined
  return yield* (yield* Ledger).adopt({
    backend,
    subject: tags?.containerId ?? found.name,
    type: found.type,
    name: found.name,
    resource: { id: found.id, ...(found.facts !== undefined && { facts: found.facts }) },
    epoch: tags?.epoch ?? 0
  })
})

/** A removal is on record and under the lease like any other: what is removed is put on record first. */
const act = Effect.fnUntraced(function* (
  step: SweepStep
): Effect.fn.Return<void, Fault | LedgerFault, Ledger | CloudScanner> {
  const entry = yield* record(step.classified)
  if (step.action === "adopt") return
  yield* (yield* Ledger).dispose(entry.key, placeOf(yield* CloudScanner, []))
})

/** Takes the steps; one that fails does not stop the others. Steps of one depth run side by side. */
export const take = (
  steps: ReadonlyArray<SweepStep>
): Effect.Effect<ReadonlyArray<SweepStep>, never, Ledger | CloudScanner> => {
  const depthOf = depthsOf(steps.map(({ classified }) => classified))
  const waves = Map.groupBy(steps, ({ action, classified }) => `${action} ${depthOf(classified)}`)
  return Effect.map(
    Effect.forEach([...waves.values()], (wave) =>
      Effect.forEach(
        wave,
        (step) =>
          Effect.match(act(step), {
            onSuccess: (): SweepStep => step,
            onFailure: (fault): SweepStep => ({ ...step, failed: fault.message })
          }),
        { concurrency: CONCURRENCY }
      )
    ),
    (done) => done.flat()
  )
}

import { Effect, Semaphore } from "effect"
import type { NetworkFailed } from "./faults.ts"

/** Namespaces made ahead of need, so that a start on the default bridge does not wait for one. */
export interface ReadyNamespaces<A> {
  /** A ready one, or undefined; either way the stock is refilled in the background. */
  readonly take: Effect.Effect<A | undefined>
  /** Fills the stock to its depth; a failure is logged, because a start then builds its own and reports it. */
  readonly fill: Effect.Effect<void>
  /** Gives up the whole stock, for recovery and removal of the bridge. */
  readonly drain: Effect.Effect<ReadonlyArray<A>>
}

/** Keeps at most `depth` of what `build` makes. */
export const makeReadyNamespaces = <A>(
  depth: number,
  build: Effect.Effect<A | undefined, { readonly message: string } | NetworkFailed>
): ReadyNamespaces<A> => {
  const stock: Array<A> = []
  const builder = Semaphore.makeUnsafe(1)
  const fill = Effect.gen(function* () {
    while (stock.length < depth) {
      const made = yield* build
      if (made === undefined) return
      stock.push(made)
    }
  }).pipe(
    Effect.catch((fault) => Effect.logWarning(`no network namespace made ahead: ${fault.message}`)),
    builder.withPermit
  )
  return {
    fill,
    take: Effect.suspend(() => {
      const taken = stock.shift()
      return Effect.as(Effect.forkDetach(fill), taken)
    }),
    drain: builder.withPermit(Effect.sync(() => stock.splice(0)))
  }
}

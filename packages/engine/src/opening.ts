import { Effect } from "effect"
import { type DockerFault, unavailable } from "./faults.ts"

/**
 * Whether new things may be made. Closed while recovery makes the place equal to the records, because it would take
 * away what no record names yet; then open for ever. A container that exists has its own gate, `Entry.reconciled`.
 */
export interface Opening {
  isOpen: boolean
}

/** Runs a change only when the place is open; before that the client is told to try again. */
export const whenOpen = <A, E, R>(
  { opening }: { readonly opening: Opening },
  change: Effect.Effect<A, E, R>
): Effect.Effect<A, E | DockerFault, R> =>
  Effect.suspend((): Effect.Effect<A, E | DockerFault, R> =>
    opening.isOpen
      ? change
      : Effect.fail(unavailable("the daemon is recovering what ran before its restart; try again"))
  )

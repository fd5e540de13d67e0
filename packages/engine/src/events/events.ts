import type { Fault } from "@sockerless/faults"
import { Context, type Effect, type Stream } from "effect"
import type { Filters } from "../filters.ts"

/**
 * What happened, in Docker's words. Kept beside the daemon's life: a reader that reconnects with `since` finds what it
 * could have seen, but for the hundredth of a second before a crash. Nothing else is told from it: state is in records.
 */
export class Events extends Context.Service<
  Events,
  {
    readonly publish: (event: Omit<Event, "timeNano" | "sequence">) => Effect.Effect<void>
    /**
     * Past events in the window, then live ones until `until`. Subscribed before this returns, so that the caller may
     * send its headers and lose nothing. Times are nanoseconds since the epoch.
     */
    readonly follow: (options: {
      readonly since?: bigint
      readonly until?: bigint
      readonly filters: Filters
    }) => Effect.Effect<Stream.Stream<Event>, Fault>
  }
>()("@sockerless/engine/Events") {}

export interface Event {
  readonly sequence: number
  /** `container`, `image`, `network`, `volume`, `daemon`. */
  readonly type: string
  /** `start`, `die`, `exec_create: ls -l`, `health_status: healthy` … */
  readonly action: string
  readonly actorId: string
  readonly attributes: Readonly<Record<string, string>>
  readonly timeNano: bigint
}

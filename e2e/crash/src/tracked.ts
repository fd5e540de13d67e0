import { at, type Json, numberAt, textAt } from "./api.ts"

/** What a container can be found as. */
export type Status = "created" | "running" | "paused" | "restarting" | "exited" | "absent"

/** What the process of a container does. */
export interface Kind {
  readonly label: string
  /** Counts on standard output from 0 upwards until it is told to end. */
  readonly counts: boolean
  /** Ends by itself with this code. */
  readonly endsWith?: number
  /** Removes itself when it has ended. */
  readonly autoRemove?: boolean
  /** Comes back by its restart policy. */
  readonly restarts?: boolean
  /** Serves HTTP on a published port. */
  readonly serves?: boolean
}

/**
 * One container as its clients know it. Invariant: what stands here was acknowledged, or, while the outcome of a call
 * is open, both sides of it stand here.
 */
export interface Tracked {
  readonly kind: Kind
  id: string | undefined
  names: ReadonlySet<string>
  statuses: ReadonlySet<Status>
  /** The last inspect after an acknowledged change; undefined while a change is open. */
  known: Json | undefined
  /** What a create fixed for ever. */
  fixed: Json | undefined
  /** The process that must be found when it runs; undefined where a start was open. */
  pid: number | undefined
  /** How many runs there were: at least and at most, because a start may be open. */
  runs: { least: number; most: number }
  /** Whether a client asked for its removal: then no tombstone has to answer. */
  removalAsked: boolean
  /** Exit codes that are right when it has ended. */
  exitCodes: ReadonlySet<number>
}

/** The counting process: a line every tenth of a second, 7 as exit code when it is asked to end. */
export const countingScript = "trap 'echo end; exit 7' TERM; i=0; while :; do echo $i; i=$((i+1)); sleep 0.1; done"

/** A container that has been asked for. */
export const makeTracked = (kind: Kind, name: string): Tracked => ({
  kind,
  id: undefined,
  names: new Set([name]),
  statuses: new Set(["absent", "created"]),
  known: undefined,
  fixed: undefined,
  pid: undefined,
  runs: { least: 0, most: 0 },
  removalAsked: false,
  exitCodes: new Set()
})

/** Its name, or the new one where a rename is open. */
export const nameOf = (tracked: Tracked): string => [...tracked.names].at(-1) ?? ""

/** By what the API is asked for it. */
export const refOf = (tracked: Tracked): string => tracked.id ?? nameOf(tracked)

/** What no verb may ever change. */
export const fixedFacts = (inspect: Json): Json => ({
  Id: textAt(inspect, "Id"),
  Created: textAt(inspect, "Created"),
  Image: textAt(inspect, "Image"),
  Path: textAt(inspect, "Path"),
  Config: at(inspect, "Config") ?? null,
  Mounts: at(inspect, "Mounts") ?? null,
  Binds: at(inspect, "HostConfig", "Binds") ?? null,
  PortBindings: at(inspect, "HostConfig", "PortBindings") ?? null,
  NetworkMode: textAt(inspect, "HostConfig", "NetworkMode")
})

/** Everything an inspect says but what moves by itself: health, execs that have ended. */
export const steadyFacts = (inspect: Json): Json => {
  if (typeof inspect !== "object" || inspect === null || Array.isArray(inspect)) return inspect
  const { ExecIDs: _, State, ...rest } = inspect as { readonly [key: string]: Json }
  if (typeof State !== "object" || State === null || Array.isArray(State)) return { ...rest }
  const { Health: __, ...state } = State as { readonly [key: string]: Json }
  return { ...rest, State: state }
}

/** Takes the truth of an inspect as what is known from now on. */
export const learn = (tracked: Tracked, inspect: Json): void => {
  tracked.id = textAt(inspect, "Id")
  tracked.names = new Set([textAt(inspect, "Name").slice(1)])
  tracked.fixed ??= fixedFacts(inspect)
  tracked.known = inspect
  const pid = numberAt(inspect, "State", "Pid")
  if (pid > 0) tracked.pid = pid
}

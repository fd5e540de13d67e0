import type { Fault } from "@sockerless/faults"
import type { JsonValue } from "@sockerless/store"
import type { TagSet, TagsUnreadable } from "@sockerless/tags"
import { Context, type Effect, type Stream } from "effect"

/** One resource in a place that says, or seems, to be ours. */
export interface Found {
  /** The scanner's word for its kind: `ecs.task`, `ec2.security-group`. */
  readonly type: string
  /** What the place calls it; `destroy` needs nothing else. */
  readonly id: string
  /** The name of its identity, wherever the service keeps it (its own name, a tag, `startedBy`); empty for none. */
  readonly name: string
  /** Undefined on what cannot carry tags and is reported for its name or its parent only. */
  readonly tags: TagSet | TagsUnreadable | undefined
  /** What it lives in and dies with, for what cannot carry tags. */
  readonly parent?: { readonly type: string; readonly id: string }
  readonly state: "creating" | "created" | "running" | "stopped" | "deleting"
  /** By the place's own clock: its now minus its creation time. */
  readonly ageMillis: number
  /** Whether the container's spec can be read back from it, so that the resource is of use without our disk. */
  readonly recoverable: boolean
  /** What the backend wants to know of it later; as the ledger keeps it. */
  readonly facts?: JsonValue
}

/**
 * All of ours in one place. One implementation per backend; usable without the daemon. All pass
 * `@sockerless/backend-contract/scanner-suite`.
 */
export class CloudScanner extends Context.Service<
  CloudScanner,
  {
    /** The backend's name as given to `--runtime`. */
    readonly backend: string
    /**
     * Every resource of this backend that carries our tags (of any instance) or our name prefix, each once, page by
     * page: a page is asked for when the one before was taken, no call is made per resource. Reads only. What the
     * place shows late may be missing; nothing that is there for a minute is.
     */
    readonly scan: Stream.Stream<Found, Fault>
    /** Removes it and what lives in it. Absent is success, also twice at once; returns when the place has agreed. */
    readonly destroy: (target: { readonly type: string; readonly id: string }) => Effect.Effect<void, Fault>
  }
>()("@sockerless/cloud-scanner/CloudScanner") {}

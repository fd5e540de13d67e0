/**
 * What every room agrees on about failure: a fault is a tagged error that carries a `kind`; the wire maps kinds to
 * statuses in one place and nobody else chooses a status.
 */

/** What a fault means to the caller. `failed` is what Docker answers with 500: the attempt was legal and did not work. */
export type FaultKind =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "not-modified"
  | "conflict"
  | "too-large"
  | "failed"
  | "not-implemented"
  | "unavailable"

/** A typed failure. `message` is what a Docker client prints after "Error response from daemon:". */
export interface Fault {
  readonly _tag: string
  readonly kind: FaultKind
  readonly message: string
}

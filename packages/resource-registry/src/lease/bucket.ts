import { Context, type Effect } from "effect"
import type { BucketFailed, PreconditionFailed } from "../faults.ts"

/** One object and the server's own clock at both moments, so that no two machines' clocks are ever compared. */
export interface BucketObject {
  readonly body: string
  readonly etag: string
  readonly modifiedAtMillis: number
  /** The server's time when it answered. */
  readonly nowMillis: number
}

/**
 * A bucket with compare-and-swap (S3 `If-Match`/`If-None-Match`, GCS generations, Azure ETags). Objects are small.
 * `BucketFailed` leaves open whether a write was applied; `PreconditionFailed` says that it was not.
 */
export class CasBucket extends Context.Service<
  CasBucket,
  {
    /** The object as it is now; undefined when there is none. Reads its own writes. */
    readonly get: (key: string) => Effect.Effect<BucketObject | undefined, BucketFailed>
    /** Replaces exactly the version `etag` and returns the new one. */
    readonly putIfMatch: (
      key: string,
      body: string,
      etag: string
    ) => Effect.Effect<string, PreconditionFailed | BucketFailed>
    /** Makes the object unless there is one; returns its etag. */
    readonly putIfAbsent: (key: string, body: string) => Effect.Effect<string, PreconditionFailed | BucketFailed>
  }
>()("@sockerless/resource-registry/CasBucket") {}

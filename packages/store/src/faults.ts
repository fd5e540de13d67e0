import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** The store could not do what was asked: full disk, broken file, dead worker. */
export class StoreFailed extends Schema.TaggedError<StoreFailed>()("StoreFailed", { reason: Schema.String }) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `state store: ${this.reason}`
  }
}

/** The state directory was written by a newer version; starting would damage it. */
export class SchemaTooNew extends Schema.TaggedError<SchemaTooNew>()("SchemaTooNew", {
  found: Schema.Number,
  supported: Schema.Number
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `state store: schema version ${this.found} is newer than ${this.supported}, the newest this version knows; start the newer version again, or point --data-root at an empty folder`
  }
}

export type StoreFault = StoreFailed | SchemaTooNew

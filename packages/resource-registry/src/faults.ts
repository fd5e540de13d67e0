import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** The object that holds a lease could not be read or written; whether a write was applied is not known. */
export class BucketFailed extends Schema.TaggedError<BucketFailed>()("BucketFailed", {
  key: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "unavailable"
  override get message(): string {
    return `lease bucket: ${this.key}: ${this.reason}`
  }
}

/** A conditional write did not find what it expected; nothing was written. */
export class PreconditionFailed extends Schema.TaggedError<PreconditionFailed>()("PreconditionFailed", {
  key: Schema.String
}) {
  readonly kind: FaultKind = "conflict"
  override get message(): string {
    return `lease bucket: ${this.key} is not what it was`
  }
}

/** Another daemon works with this identity and renews its lease. */
export class LeaseHeld extends Schema.TaggedError<LeaseHeld>()("LeaseHeld", {
  instance: Schema.String,
  epoch: Schema.Number,
  host: Schema.String,
  pid: Schema.Number,
  freeInMillis: Schema.Number
}) {
  readonly kind: FaultKind = "conflict"
  override get message(): string {
    return `another daemon (host ${this.host}, pid ${this.pid}) works as instance ${this.instance} in epoch ${this.epoch}; stop it, or give this one a state directory of its own; its lease ends in ${Math.ceil(this.freeInMillis / 1000)} s unless it is renewed`
  }
}

/** We no longer know that we alone act for this instance: nothing may be changed any more. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {
  instance: Schema.String,
  epoch: Schema.Number,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "unavailable"
  override get message(): string {
    return `instance ${this.instance} has lost its lease of epoch ${this.epoch}: ${this.reason}`
  }
}

/** The same verb on the same subject was begun with other parameters and is not settled yet. */
export class OperationUnsettled extends Schema.TaggedError<OperationUnsettled>()("OperationUnsettled", {
  verb: Schema.String,
  subject: Schema.String,
  operation: Schema.String
}) {
  readonly kind: FaultKind = "conflict"
  override get message(): string {
    return `${this.verb} of ${this.subject} is not settled yet (operation ${this.operation}); try again in a moment`
  }
}

/** A record of the registry that this version cannot read; starting would forget a resource that costs money. */
export class RecordUnreadable extends Schema.TaggedError<RecordUnreadable>()("RecordUnreadable", {
  collection: Schema.String,
  key: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `resource registry: record ${this.key} of ${this.collection} cannot be read: ${this.reason}`
  }
}

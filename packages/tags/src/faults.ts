import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** A tag set that a cloud's carrier cannot hold: too many tags, or text that is no Unicode. */
export class TagsRefused extends Schema.TaggedError<TagsRefused>()("TagsRefused", {
  carrier: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "invalid"
  override get message(): string {
    return `${this.carrier}: ${this.reason}`
  }
}

/** A resource says it is ours and its tags cannot be read: somebody else wrote them, so nobody may act on it. */
export class TagsUnreadable extends Schema.TaggedError<TagsUnreadable>()("TagsUnreadable", {
  carrier: Schema.String,
  key: Schema.String,
  value: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `${this.carrier}: the value ${JSON.stringify(this.value)} of ${this.key} is not one that sockerless writes`
  }
}

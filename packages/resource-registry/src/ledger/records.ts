import { Schema } from "effect"

/**
 * What the registry keeps, as the store holds it.
 *
 * Invariants: an operation is durable before its first call leaves, a resource before the call that makes it; a
 * resource is `held` only with the id the place gave it; a resource leaves the book last, after the place has said that
 * it is gone; records of what is gone stay until they are pruned, so that a call that was applied late is recognised.
 */
export const OperationRecord = Schema.Struct({
  id: Schema.String,
  verb: Schema.String,
  /** What it is about: a container's, network's or volume's id. */
  subject: Schema.String,
  backend: Schema.String,
  /** What recovery does with it: `back` undoes it, `observe` asks the place, `forward` finishes it. */
  rule: Schema.Literals(["back", "observe", "forward"]),
  /** Tells a repeated request from a different one. */
  request: Schema.String,
  epoch: Schema.Number,
  atMillis: Schema.Number,
  state: Schema.Literals(["open", "undoing", "done", "undone"]),
  outcome: Schema.optionalKey(Schema.Json)
})
export type OperationRecord = typeof OperationRecord.Type

export const ResourceEntry = Schema.Struct({
  /** `<operation>/<step>`. */
  key: Schema.String,
  operation: Schema.String,
  step: Schema.String,
  subject: Schema.String,
  backend: Schema.String,
  /** The scanner's word for it: `ecs.task`, `ec2.security-group`. */
  type: Schema.String,
  name: Schema.String,
  token: Schema.String,
  epoch: Schema.Number,
  atMillis: Schema.Number,
  state: Schema.Literals(["intended", "held", "disposing", "gone"]),
  /** What the place calls it; absent until the place has answered. */
  id: Schema.optionalKey(Schema.String),
  facts: Schema.optionalKey(Schema.Json)
})
export type ResourceEntry = typeof ResourceEntry.Type

/** A subject that was removed on purpose: whatever of it turns up later goes too. */
export const Tombstone = Schema.Struct({ subject: Schema.String, backend: Schema.String, atMillis: Schema.Number })
export type Tombstone = typeof Tombstone.Type

/** Who may run the user's process for one run of one subject: the first that asked. */
export const Claim = Schema.Struct({
  subject: Schema.String,
  run: Schema.Number,
  claimant: Schema.String,
  atMillis: Schema.Number
})
export type Claim = typeof Claim.Type

import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** What this place answers when something is not as a verb needs it. */
export class ScriptedFault extends Schema.TaggedError<ScriptedFault>()("ScriptedFault", {
  kind: Schema.Literals(["invalid", "not-found", "conflict", "failed", "unavailable"]),
  text: Schema.String,
  exitCode: Schema.optionalKey(Schema.Number)
}) {
  override get message(): string {
    return this.text
  }
}

/** An operation that this script leaves out. */
export class ScriptedUnsupported extends Schema.TaggedError<ScriptedUnsupported>()("ScriptedUnsupported", {
  backend: Schema.String,
  operation: Schema.String,
  wayOut: Schema.String
}) {
  readonly kind: FaultKind = "invalid"
  override get message(): string {
    return `backend ${this.backend} does not support ${this.operation}: ${this.wayOut}`
  }
}

export const notRunning = (id: string): ScriptedFault =>
  new ScriptedFault({ kind: "conflict", text: `container ${id} is not running` })

import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** The answer is not sent: the connection breaks instead. */
export class ConnectionDropped extends Schema.TaggedError<ConnectionDropped>()("ConnectionDropped", {
  phase: Schema.Literals(["before", "after"])
}) {
  readonly kind: FaultKind = "unavailable"
  override get message(): string {
    return `the simulator broke the connection ${this.phase} the request was applied`
  }
}

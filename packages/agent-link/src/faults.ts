import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** The listener for agents, or the log of a workload, cannot work. */
export class AgentLinkFailed extends Schema.TaggedError<AgentLinkFailed>()("AgentLinkFailed", {
  what: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `agent link: ${this.what}: ${this.reason}`
  }
}

/** The agent did what was asked and it did not work, or what was asked does not exist there. */
export class AgentRefused extends Schema.TaggedError<AgentRefused>()("AgentRefused", {
  kind: Schema.Literals(["invalid", "not-found", "conflict", "failed", "not-implemented"]),
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** The agent of a workload is not connected, and waiting for it has taken too long. */
export class AgentAway extends Schema.TaggedError<AgentAway>()("AgentAway", {
  subject: Schema.String,
  waitedMillis: Schema.Number
}) {
  readonly kind: FaultKind = "unavailable"
  override get message(): string {
    return `the agent of container ${this.subject} has not been connected for ${Math.round(this.waitedMillis / 1000)} s`
  }
}

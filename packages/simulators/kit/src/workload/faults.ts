import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** A workload cannot be run here; `stage` is what failed, so that a cloud can word it as it does. */
export class WorkloadFailed extends Schema.TaggedError<WorkloadFailed>()("WorkloadFailed", {
  stage: Schema.Literals(["machine", "network", "image", "start", "control"]),
  reason: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return this.reason
  }
}

/** Names the stage of a failure from below. */
export const atStage =
  (stage: WorkloadFailed["stage"]) =>
  (fault: { readonly message: string }): WorkloadFailed =>
    new WorkloadFailed({ stage, reason: fault.message })

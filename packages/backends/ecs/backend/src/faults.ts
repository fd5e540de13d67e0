import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** What Fargate, or this backend, cannot honour; refused before anything exists. */
export class EcsUnsupported extends Schema.TaggedError<EcsUnsupported>()("EcsUnsupported", {
  option: Schema.String,
  wayOut: Schema.String
}) {
  readonly kind: FaultKind = "invalid"
  override get message(): string {
    return `backend ecs does not support ${this.option}: ${this.wayOut}`
  }
}

/** A verb of Docker that needs a process inside the task. */
export class EcsOperationUnsupported extends Schema.TaggedError<EcsOperationUnsupported>()("EcsOperationUnsupported", {
  operation: Schema.String
}) {
  readonly kind: FaultKind = "not-implemented"
  override get message(): string {
    return `backend ecs does not support ${this.operation}: use --runtime local for containers that need it`
  }
}

/** A task that never ran, in ECS's words; `exitCode` is what the docker CLI ends with. */
export class TaskNotStarted extends Schema.TaggedError<TaskNotStarted>()("TaskNotStarted", {
  reason: Schema.String,
  exitCode: Schema.Number
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `ECS did not start the task: ${this.reason}`
  }
}

/** Something the account must have before this backend can work, and does not. */
export class EcsMissing extends Schema.TaggedError<EcsMissing>()("EcsMissing", {
  what: Schema.String,
  wayOut: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `backend ecs: ${this.what}: ${this.wayOut}`
  }
}

/** A verb that needs the main process, on a container that has none. */
export class EcsNotRunning extends Schema.TaggedError<EcsNotRunning>()("EcsNotRunning", { id: Schema.String }) {
  readonly kind: FaultKind = "conflict"
  override get message(): string {
    return `container ${this.id} is not running`
  }
}

/** A stored handle that this version does not know. */
export class HandleUnknown extends Schema.TaggedError<HandleUnknown>()("HandleUnknown", { version: Schema.Number }) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `backend ecs: a handle of version ${this.version} was written by another version of this daemon`
  }
}

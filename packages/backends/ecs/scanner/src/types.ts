import type { AwsAccount } from "@sockerless/cloud-aws"

/** The scanner's words for what this backend makes. */
export const DEFINITION = "ecs.task-definition"
export const TASK = "ecs.task"

/** Where the tasks of one daemon are. */
export interface EcsScope {
  readonly account: AwsAccount
  readonly cluster: string
}

import type { AwsAccount } from "@sockerless/cloud-aws"

/** What the operator made for this daemon in the account. */
export interface EcsOptions {
  readonly account: AwsAccount
  readonly cluster: string
  readonly subnets: ReadonlyArray<string>
  readonly securityGroups: ReadonlyArray<string>
  readonly assignPublicIp: boolean
  /** Lets ECS pull from the registry and write logs. */
  readonly executionRoleArn: string | undefined
  /** What the containers themselves may do. */
  readonly taskRoleArn: string | undefined
  readonly logGroup: string
  /** Repository of the account's registry that images are copied to. */
  readonly repository: string
  readonly timing?: EcsTiming
}

/** How often ECS is asked. */
export interface EcsTiming {
  readonly startPollMillis: number
  readonly exitPollMillis: number
  readonly logPollMillis: number
  /** How long after a task's end its last lines may still arrive. */
  readonly logSettleMillis: number
}

export const defaultTiming: EcsTiming = {
  startPollMillis: 250,
  exitPollMillis: 1000,
  logPollMillis: 500,
  logSettleMillis: 3000
}

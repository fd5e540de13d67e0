import type { Timing } from "./world.ts"

/** How a simulated account is set up. */
export interface AwsOptions {
  readonly account: string
  readonly region: string
  /** Content of buckets, registries and file systems. */
  readonly dataRoot: string
  readonly timing: Timing
  /** Port on loopback and on the workloads' gateway; 0 lets the system choose. */
  readonly port: number
}

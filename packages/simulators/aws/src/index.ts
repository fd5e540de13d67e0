export type { AwsOptions } from "./options.ts"
export { type AwsSimulator, startAws } from "./simulator.ts"
export { instantTiming, realisticTiming, type Timing } from "./world.ts"

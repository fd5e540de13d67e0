export type * from "./backend.ts"
export type * from "./workload.ts"

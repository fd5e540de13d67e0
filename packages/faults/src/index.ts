export type { Fault, FaultKind } from "./fault.ts"

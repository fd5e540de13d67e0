export { backendContract, type ContractRow } from "./contract.ts"
export { type Program, shellCommand } from "./program.ts"
export type { ContractOptions, Refusal, Subject } from "./subject.ts"
export { joining, newId, plainNetwork, plainSpec, type SpecChange } from "./spec.ts"

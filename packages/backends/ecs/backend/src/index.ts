export { makeEcsBackend } from "./backend.ts"
export type { EcsOptions, EcsTiming } from "./options.ts"

export { makeLocalBackend } from "./backend.ts"
export type { LocalOptions } from "./options.ts"

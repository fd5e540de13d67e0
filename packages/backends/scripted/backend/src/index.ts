export { makeScriptedBackend, type ScriptedOptions } from "./backend.ts"
export type { Behaviour, End, Script, ScriptedProcess } from "./behaviour.ts"
export { ScriptedFault } from "./faults.ts"
export { type Call, ScriptedPlace } from "./place.ts"

export { deleteDefinition, findDefinition } from "./definitions.ts"
export { ecsScanner, type ScannerOptions } from "./scanner.ts"
export { describeTasks, endTask, findTask, stopTask } from "./tasks.ts"
export { DEFINITION, type EcsScope, TASK } from "./types.ts"

export type { Session } from "./exec-session.ts"
export { readLog, type ReadLogOptions } from "./read-log.ts"
export { fifoStdin, openStdinFifo, terminalStdin } from "./stdin.ts"

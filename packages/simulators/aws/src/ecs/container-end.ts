import type { WorkloadExit } from "@sockerless/simulator-kit"
import type { TaskContainer } from "./records.ts"

/** What the end of its process makes of a container. */
export const endOf = (end: WorkloadExit): Partial<TaskContainer> => ({
  lastStatus: "STOPPED",
  exitCode: end.exitCode,
  ...(end.oomKilled ? { reason: "OutOfMemoryError: Container killed due to memory usage" } : {})
})

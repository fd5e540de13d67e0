import type { FunctionRecord } from "./records.ts"
import type { Outcome } from "./sandbox.ts"

/** What a caller gets: the payload, and whether it tells of a failure. */
export interface Answered {
  readonly payload: Buffer
  readonly isError: boolean
}

const told = (errorType: string, errorMessage: string): Answered => ({
  payload: Buffer.from(JSON.stringify({ errorType, errorMessage })),
  isError: true
})

/** Words an outcome as Lambda does. */
export const answeredOf = (record: FunctionRecord, requestId: string, outcome: Outcome): Answered => {
  switch (outcome.kind) {
    case "response":
      return { payload: outcome.payload, isError: false }
    case "error":
      return { payload: outcome.payload, isError: true }
    case "timeout":
      return told(
        "Sandbox.Timedout",
        `RequestId: ${requestId} Error: Task timed out after ${record.timeout.toFixed(2)} seconds`
      )
    case "exit":
      return told(
        "Runtime.ExitError",
        outcome.code === 0
          ? `RequestId: ${requestId} Error: Runtime exited without providing a reason`
          : `RequestId: ${requestId} Error: Runtime exited with error: exit status ${outcome.code}`
      )
    case "failed":
      return told("Runtime.InvalidEntrypoint", `RequestId: ${requestId} Error: ${outcome.reason}`)
  }
}

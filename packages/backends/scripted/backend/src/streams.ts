import type { AttachOptions, AttachSession } from "@sockerless/backend-contract"
import { PassThrough, type Writable } from "node:stream"
import type { RunningProcess } from "./process.ts"
import type { Workload } from "./workload.ts"

const inputOf = (workload: Workload, options: AttachOptions): Writable => {
  const input = new PassThrough()
  const connect = ({ stdin }: RunningProcess) => void input.pipe(stdin, { end: options.stdinOnce && !options.tty })
  if (workload.run === undefined) workload.waitingForStdin.add(connect)
  else connect(workload.run.process)
  input.once("close", () => workload.waitingForStdin.delete(connect))
  return input
}

/** Live output from now on, or of the next run, and a way in. */
export const attachTo = (workload: Workload, options: AttachOptions): AttachSession => ({
  output: workload.output.read(options, options.replay ? "start" : "now", true),
  input: options.stdin && workload.launch.spec.process.openStdin ? inputOf(workload, options) : undefined
})

import { spawn } from "node:child_process"
import { Effect } from "effect"
import { RuntimeFailed } from "./faults.ts"

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Output kept of one command; the longest is a list of a thousand interfaces. */
const OUTPUT_LIMIT = 16 * 1024 * 1024

/** Runs a short command to its end with `input` on stdin. Fails when it cannot be started or outlives `timeoutMillis`. */
export const runCommand = (
  command: ReadonlyArray<string>,
  options: { readonly input?: string; readonly timeoutMillis?: number } = {}
): Effect.Effect<Finished, RuntimeFailed> =>
  Effect.callback<Finished, RuntimeFailed>((resume) => {
    const [file = "", ...args] = command
    const step = `run ${file} ${args.join(" ")}`
    const timeout = options.timeoutMillis ?? 10_000
    const child = spawn(file, args, { stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"] })
    const timer = setTimeout(() => child.kill("SIGKILL"), timeout)
    let stdout = ""
    let stderr = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (stdout.length < OUTPUT_LIMIT) stdout += text
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (stderr.length < OUTPUT_LIMIT) stderr += text
    })
    child.once("error", (error) => {
      clearTimeout(timer)
      resume(Effect.fail(new RuntimeFailed({ step, reason: error.message })))
    })
    child.once("close", (code, signal) => {
      clearTimeout(timer)
      if (signal === "SIGKILL" && code === null) {
        resume(Effect.fail(new RuntimeFailed({ step, reason: `no answer within ${timeout} ms, or killed` })))
        return
      }
      resume(Effect.succeed({ code: code ?? 128, stdout, stderr }))
    })
    child.stdin?.end(options.input)
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** As `runCommand`, and a non-zero exit is a failure carrying what the command said. */
export const runChecked = (
  command: ReadonlyArray<string>,
  options: { readonly input?: string } = {}
): Effect.Effect<Finished, RuntimeFailed> =>
  Effect.flatMap(runCommand(command, options), (finished) =>
    finished.code === 0
      ? Effect.succeed(finished)
      : Effect.fail(
          new RuntimeFailed({
            step: `run ${command.join(" ")}`,
            reason: finished.stderr.trim() || finished.stdout.trim() || `exit code ${finished.code}`
          })
        )
  )

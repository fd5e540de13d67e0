import type { ExecSession, ExecSpec } from "@sockerless/backend-contract"
import { Effect } from "effect"
import { notRunning, type ScriptedFault } from "./faults.ts"
import { Output } from "./output.ts"
import type { ScriptedPlace } from "./place.ts"
import { runProcess } from "./process.ts"
import { environmentOf, surroundings } from "./start.ts"

const failed = (exec: ExecSpec, why: { readonly detail: string; readonly exitCode: number }): ExecSession => {
  const failure = `OCI runtime exec failed: exec failed: unable to start container process: ${why.detail}: unknown`
  const output = new Output()
  output.write(1, Buffer.from(`${failure}\r\n`))
  return {
    pid: 0,
    output: output.read({ stdout: true, stderr: true, tty: exec.tty }, "start", false),
    input: undefined,
    failure,
    resize: () => Effect.void,
    exit: Effect.succeed(why.exitCode)
  }
}

/** Runs the script once more, in a workload that runs. */
export const execIn = Effect.fnUntraced(function* (
  place: ScriptedPlace,
  id: string,
  exec: ExecSpec
): Effect.fn.Return<ExecSession, ScriptedFault> {
  const workload = yield* place.of(id)
  if (workload.run === undefined) return yield* Effect.fail(notRunning(id))
  const why = place.script.cannotStart(exec.argv)
  if (why !== undefined) return failed(exec, why)
  const { process: main } = workload.launch.spec
  const output = new Output()
  const readable = output.read({ stdout: exec.stdout, stderr: exec.stderr, tty: exec.tty }, "start", true)
  const running = runProcess(
    {
      ...surroundings(place, workload),
      pid: place.nextPid(),
      argv: exec.argv,
      env: { ...environmentOf(main.env), ...environmentOf(exec.env) },
      user: exec.user || main.user || "0",
      workingDir: exec.workingDir || main.workingDir || "/",
      tty: exec.tty,
      size: exec.consoleSize,
      output
    },
    place.script.behave
  )
  workload.execs.add(running)
  const exit = running.ended.then(({ exitCode }) => {
    workload.execs.delete(running)
    return exitCode
  })
  void exit.then(() => output.end())
  return {
    pid: running.pid,
    output: readable,
    input: exec.stdin ? running.stdin : undefined,
    resize: (size) => Effect.sync(() => running.resize(size)),
    exit: Effect.promise(() => exit)
  }
})

import type { ExecSession, ExecSpec, Launch } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { type Running, startExec } from "@sockerless/oci-runtime"
import { Effect } from "effect"
import type { LocalContext } from "./context.ts"
import { attempt, LocalConflict } from "./faults.ts"
import { layersOf } from "./root.ts"

/** The running process of a container, or Docker's conflict. */
export const runningOf = (context: LocalContext, id: string): Effect.Effect<Running, LocalConflict> =>
  Effect.suspend(() => {
    const { running } = context.live.of(id)
    return running === undefined
      ? Effect.fail(new LocalConflict({ text: `container ${id} is not running` }))
      : Effect.succeed(running)
  })

/** Runs a process in the container; resolves when it runs, or with its failure told as output and exit code. */
export const execIn = Effect.fn("local.exec")(function* (
  context: LocalContext,
  launch: Launch,
  exec: ExecSpec
): Effect.fn.Return<ExecSession, Fault> {
  const { spec } = launch
  const running = yield* runningOf(context, spec.id)
  const layers = yield* layersOf(context, launch)
  const session = yield* startExec(
    context.tools,
    context.folders,
    running,
    {
      env: spec.process.env,
      workingDir: spec.process.workingDir,
      user: spec.process.user,
      groupAdd: spec.process.groupAdd,
      hostname: spec.hostname,
      capAdd: spec.isolation.capAdd,
      capDrop: spec.isolation.capDrop,
      privileged: spec.isolation.privileged,
      noNewPrivileges: spec.isolation.noNewPrivileges,
      accounts: [
        context.paths.container(spec.id).upper,
        ...layers.names.toReversed().map((name) => `${layers.folder}/${name}`)
      ]
    },
    {
      id: exec.id,
      argv: exec.argv,
      env: exec.env,
      workingDir: exec.workingDir,
      user: exec.user,
      privileged: exec.privileged,
      tty: exec.tty,
      stdin: exec.stdin,
      stdout: exec.stdout,
      stderr: exec.stderr,
      consoleSize: exec.consoleSize,
      terminalLog: context.paths.container(spec.id).terminalLog(exec.id)
    }
  )
  return {
    pid: session.pid,
    output: session.output,
    input: session.input,
    resize: (size) =>
      attempt(`resize the terminal of exec ${exec.id}`, async () => session.resize(size.rows, size.columns)),
    exit: Effect.promise(() => session.exit),
    ...(session.failure === undefined ? {} : { failure: session.failure })
  }
})

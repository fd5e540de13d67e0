import type { ExitReport, Launch, Started } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import { treeAt } from "./archive.ts"
import type { End } from "./behaviour.ts"
import { ScriptedFault } from "./faults.ts"
import { endpointFacts } from "./networks.ts"
import type { Output } from "./output.ts"
import type { ScriptedPlace } from "./place.ts"
import { openPorts } from "./ports.ts"
import { type ProcessRequest, type RunningProcess, runProcess } from "./process.ts"
import { startedOf, type Workload } from "./workload.ts"

const nowTime = (): string => new Date().toISOString().replace("Z", "000000Z")

/** Environment variables as a record; the last one of a name wins. */
export const environmentOf = (env: ReadonlyArray<string>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    env.map((entry) => {
      const [name = "", ...value] = entry.split("=")
      return [name, value.join("=")]
    })
  )

/** What every process of a workload can reach: its files and its ports. */
export const surroundings = (
  place: ScriptedPlace,
  workload: Workload
): Pick<ProcessRequest, "readFile" | "writeFile" | "serve" | "memoryBytes"> => ({
  memoryBytes: workload.launch.spec.resources.memoryBytes,
  readFile: (path) => {
    const at = treeAt(place, workload, path)
    return at.tree.get(at.path)?.content?.toString()
  },
  writeFile: (path, text) => {
    const at = treeAt(place, workload, path)
    at.tree.file(at.path, Buffer.from(text))
  },
  serve: (port, accept) => void workload.acceptors.set(port, accept)
})

const mainProcess = (place: ScriptedPlace, workload: Workload, output: Output): RunningProcess => {
  const { process } = workload.launch.spec
  return runProcess(
    {
      ...surroundings(place, workload),
      pid: place.nextPid(),
      argv: process.argv,
      env: environmentOf(process.env),
      user: process.user || "0",
      workingDir: process.workingDir || "/",
      tty: process.tty,
      size: process.consoleSize,
      output
    },
    place.script.behave
  )
}

const finish = (place: ScriptedPlace, workload: Workload, process: RunningProcess, end: End): void => {
  const { run } = workload
  if (run?.process !== process) return
  const { id } = workload.launch.spec
  for (const server of run.servers) server.close()
  for (const exec of workload.execs) exec.end({ exitCode: 137 })
  workload.acceptors.clear()
  workload.endpoints.clear()
  workload.run = undefined
  workload.paused = false
  const report: ExitReport = {
    id,
    pid: process.pid,
    exitCode: end.exitCode,
    oomKilled: end.oomKilled ?? false,
    finishedAt: nowTime()
  }
  workload.exit = report
  workload.output.end()
  for (const tell of place.listeners) tell(report)
}

/** A start that cannot be, in Docker's words. */
const refusal = (place: ScriptedPlace, launch: Launch): ScriptedFault | undefined => {
  const why = place.script.cannotStart(launch.spec.process.argv)
  return why === undefined
    ? undefined
    : new ScriptedFault({
        kind: "invalid",
        text: `failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${why.detail}: unknown`,
        exitCode: why.exitCode
      })
}

/** Runs the script of a workload, with its addresses given and its ports open. A running one is found as it is. */
export const startWorkload = Effect.fnUntraced(function* (
  place: ScriptedPlace,
  launch: Launch,
  backend: string
): Effect.fn.Return<Started, Fault & { readonly exitCode?: number }> {
  const workload = yield* place.of(launch.spec.id)
  if (workload.run !== undefined) return startedOf(workload, workload.run, backend)
  workload.launch = launch
  const why = refusal(place, launch)
  if (why !== undefined) return yield* Effect.fail(why)
  const opened = yield* openPorts(workload)
  for (const endpoint of Object.values(launch.spec.network.endpoints)) {
    workload.endpoints.set(
      endpoint.networkId,
      endpointFacts(place.networks.get(endpoint.networkId), workload, endpoint)
    )
  }
  const process = mainProcess(place, workload, workload.output)
  const run = {
    process,
    startedAt: nowTime(),
    ports: opened.map(({ port }) => port),
    servers: opened.flatMap(({ server }) => server ?? [])
  }
  workload.run = run
  workload.exit = undefined
  workload.lost = false
  for (const connect of workload.waitingForStdin) connect(process)
  workload.waitingForStdin.clear()
  void process.ended.then((end) => finish(place, workload, process, end))
  return startedOf(workload, run, backend)
})

import { instantTiming, realisticTiming, startAws } from "@sockerless/simulator-aws"
import { openHost, Simulation, WorkloadHost } from "@sockerless/simulator-kit"
import { storeSqlite } from "@sockerless/store"
import { Effect } from "effect"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { type Asked, readArguments } from "./arguments.ts"

const open = (asked: Asked) =>
  Effect.gen(function* () {
    const simulation = yield* Simulation.make(asked.seed)
    const host = yield* openHost(simulation, {
      dataRoot: asked.stateDir,
      execParent: asked.execParent,
      registries: { insecure: asked.insecure, mirrors: asked.mirrors }
    })
    return { simulation, host }
  })

const run = (asked: Asked) =>
  Effect.gen(function* () {
    const { simulation, host } = yield* open(asked)
    if (asked.removes) return yield* host.dismantle
    const aws = yield* startAws(simulation, {
      account: asked.account,
      region: asked.region,
      dataRoot: asked.stateDir,
      timing: asked.isRealistic ? realisticTiming : instantTiming,
      port: asked.port
    }).pipe(Effect.provideService(WorkloadHost, host))
    for (const [name, value] of Object.entries(aws.environment)) process.stdout.write(`${name}=${value}\n`)
    if (host.gateway === undefined) process.stderr.write("cloudsim: no workload can run here; only the APIs answer\n")
    process.stderr.write(`cloudsim: aws is ready on ${aws.endpoint}\n`)
    return yield* Effect.never
  })

const asked = readArguments(process.argv.slice(2))
if (typeof asked === "string") {
  process.stderr.write(asked)
  process.exitCode = 2
} else {
  mkdirSync(asked.stateDir, { recursive: true, mode: 0o711 })
  // There is one way to stop: to die. What comes after is the same as after a crash.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.kill(process.pid, "SIGKILL"))
  const store = storeSqlite({
    file: join(asked.stateDir, "state.db"),
    worker: new URL("./store-worker.js", import.meta.url)
  })
  const failed = await Effect.runPromise(
    Effect.scoped(run(asked)).pipe(
      Effect.provide(store),
      Effect.as(undefined),
      Effect.catch((fault) => Effect.succeed(fault.message))
    )
  )
  if (failed !== undefined) process.stderr.write(`cloudsim: ${failed}\n`)
  process.exit(failed === undefined ? 0 : 1)
}

import { openHost, Simulation, WorkloadHost } from "@sockerless/simulator-kit"
import { storeSqlite } from "@sockerless/store"
import { Effect, Exit, Layer, Scope } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type AwsSimulator, instantTiming, startAws, type Timing } from "../src/index.ts"

/** Why tests that run workloads cannot run here; undefined when they can. */
export const noWorkloads: string | undefined =
  process.getuid?.() !== 0
    ? "needs root"
    : spawnSync("conmon", ["--version"]).status !== 0
      ? "needs conmon"
      : existsSync("/bin/busybox")
        ? undefined
        : "needs busybox-static"

/** A simulated account in folders of its own; `restart` ends it without a word and opens it again. */
export interface Rig {
  readonly aws: () => AwsSimulator
  readonly client: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
    readonly maxAttempts: number
    readonly disableHostPrefix: boolean
  }
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

const openParts = (root: string) =>
  Effect.gen(function* () {
    const store = yield* Layer.build(storeSqlite({ file: join(root, "state.db"), ballastBytes: 0 }))
    const simulation = yield* Simulation.make(1).pipe(Effect.provideContext(store))
    const host = yield* openHost(simulation, {
      dataRoot: root,
      execParent: root,
      registries: { insecure: [], mirrors: [] }
    }).pipe(Effect.provideContext(store))
    return { simulation, host }
  })

const open = (root: string, scope: Scope.Scope, timing: Timing): Promise<AwsSimulator> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { simulation, host } = yield* openParts(root)
      return yield* startAws(simulation, {
        account: "123456789012",
        region: "us-east-1",
        dataRoot: root,
        timing,
        port: 0
      }).pipe(Effect.provideService(WorkloadHost, host))
    }).pipe(Scope.provide(scope))
  )

/** Gives the machine back: only when the simulator has ended, so that it starts nothing more. */
const dismantle = (root: string): Promise<void> =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(openParts(root), ({ host }) => host.dismantle)))

/** Starts a simulator for one test file. */
export const startRig = async (timing: Timing = instantTiming): Promise<Rig> => {
  const root = mkdtempSync(join(tmpdir(), "sim-"))
  let scope = Scope.makeUnsafe()
  let aws = await open(root, scope, timing)
  const close = (): Promise<void> => Effect.runPromise(Scope.close(scope, Exit.void))
  return {
    aws: () => aws,
    client: {
      endpoint: `http://${aws.endpoint}`,
      region: "us-east-1",
      credentials: {
        accessKeyId: aws.environment["AWS_ACCESS_KEY_ID"] ?? "",
        secretAccessKey: aws.environment["AWS_SECRET_ACCESS_KEY"] ?? ""
      },
      maxAttempts: 1,
      disableHostPrefix: true
    },
    restart: async () => {
      await close()
      scope = Scope.makeUnsafe()
      aws = await open(root, scope, timing)
    },
    stop: async () => {
      await close()
      await dismantle(root)
      await rm(root, { recursive: true, force: true })
    }
  }
}

import type { Fault } from "@sockerless/faults"
import { Cause, Effect, Exit, type Scope } from "effect"
import { renameSync, writeFileSync } from "node:fs"
import { flushCompileCache } from "node:module"
import { EXIT_HOPELESS, type LaunchOrder } from "../launch/launch-order.ts"
import { bannerLines } from "./banner.ts"
import { type CreateServer, listenAll } from "./listen.ts"
import { lastWords, logLayer, makeLineWriter } from "./log.ts"
import { type ContainerCounts, type RequestFact, startMetrics } from "./metrics.ts"

/** What recovery did, as numbers for metrics and as words for the log. */
export interface RecoveryFacts {
  readonly adopted: number
  readonly removed: number
  readonly seconds: number
  readonly lines: ReadonlyArray<string>
}

/** The built daemon: everything behind the listeners. */
export interface Graph {
  readonly createServer: CreateServer
  readonly backends: ReadonlyArray<string>
  readonly counts: Effect.Effect<ContainerCounts, Fault>
  readonly ready: Effect.Effect<boolean>
  /** Brings what runs and what is recorded into agreement; ends when the daemon may be called ready. */
  readonly recover: Effect.Effect<RecoveryFacts, Fault>
}

/** Builds the daemon from its order; `observe` wants every finished request. */
export type MakeGraph = (
  order: LaunchOrder,
  observe: (fact: RequestFact) => void
) => Effect.Effect<Graph, Fault, Scope.Scope>

/** Faults that the next start would meet again; the supervisor gives up at once. */
const hopeless = new Set(["SchemaTooNew", "CannotListen"])

const announceReady = (file: string) => {
  const draft = `${file}.new`
  writeFileSync(draft, `${process.pid}\n`)
  renameSync(draft, file)
}

const notifySystemd = Effect.gen(function* () {
  if (process.env["NOTIFY_SOCKET"] === undefined) return
  const { spawn } = yield* Effect.promise(() => import("node:child_process"))
  // Node has no datagram unix sockets; systemd's own tool speaks for us.
  spawn("systemd-notify", ["--ready"], { stdio: "ignore" }).once("error", () => undefined)
})

const serve = (order: LaunchOrder, makeGraph: MakeGraph, write: (line: string) => void) =>
  Effect.gen(function* () {
    let observe: (fact: RequestFact) => void = () => undefined
    const graph = yield* makeGraph(order, (fact) => observe(fact))
    let ready = false
    const run = Effect.runPromiseWith(yield* Effect.context<never>())
    const metrics = yield* startMetrics(order.config, { counts: () => run(graph.counts), ready: () => ready })
    ;({ observe } = metrics)
    yield* listenAll(graph.createServer, order.sockets, order.tls)
    const recovered = yield* graph.recover
    for (const line of recovered.lines) yield* Effect.logInfo(line)
    metrics.recovered(recovered.seconds, recovered.adopted, recovered.removed)
    ready = true
    announceReady(order.readyFile)
    yield* notifySystemd
    const readyMillis = Math.round(performance.now())
    const lines = bannerLines(order.config, order.sockets, graph.backends, readyMillis)
    if (logFormat(order) === "pretty") for (const line of lines) write(line)
    else yield* Effect.logInfo("ready").pipe(Effect.annotateLogs({ readyMillis, banner: lines }))
    // Node keeps compiled code when it ends; this process is killed instead.
    setImmediate(flushCompileCache)
    return yield* Effect.never
  })

const logFormat = (order: LaunchOrder) => order.config.logFormat ?? (process.stderr.isTTY ? "pretty" : "json")

const sayWhy = (cause: Cause.Cause<Fault>): number => {
  const fault = Cause.findErrorOption(cause)
  if (fault._tag === "None") {
    lastWords(Cause.pretty(cause))
    return 1
  }
  lastWords(fault.value.message)
  return hopeless.has(fault.value._tag) ? EXIT_HOPELESS : 1
}

/**
 * Runs the daemon until it is killed. There is no other end: signals keep Node's default, which is death. When it
 * cannot start it says why and ends; the supervisor decides about another try.
 */
export const runDaemon = async (order: LaunchOrder, makeGraph: MakeGraph): Promise<void> => {
  const write = makeLineWriter()
  process.on("SIGHUP", () =>
    write("sockerlessd: certificates are re-read by themselves; other settings need a restart")
  )
  const program = Effect.scoped(serve(order, makeGraph, write)).pipe(
    Effect.provide(logLayer(logFormat(order), order.config.logLevel, write))
  )
  const exit = await Effect.runPromiseExit(program)
  process.exit(Exit.isFailure(exit) ? sayWhy(exit.cause) : 0)
}

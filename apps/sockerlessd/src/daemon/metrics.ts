import { Effect, type Scope } from "effect"
import { createServer } from "node:http"
import { cpus, totalmem } from "node:os"
import type * as prometheusModule from "prom-client"
import type { Counter, Histogram, Registry } from "prom-client"
import type { Config } from "../config/config.ts"
import { version } from "../cli/version.ts"
import { CannotListen } from "./listen.ts"

/** One finished request as the API reports it. */
export interface RequestFact {
  readonly route: string
  readonly method: string
  readonly status: number
  readonly seconds: number
}

/** Counts of containers by state, asked for at each scrape. */
export interface ContainerCounts {
  readonly running: number
  readonly paused: number
  readonly stopped: number
}

/** What the metrics address answers from. */
export interface MetricSources {
  readonly counts: () => Promise<ContainerCounts>
  readonly ready: () => boolean
}

export interface Metrics {
  readonly observe: (fact: RequestFact) => void
  readonly recovered: (seconds: number, adopted: number, removed: number) => void
}

const noMetrics: Metrics = { observe: () => undefined, recovered: () => undefined }

const BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** dockerd's name for what a request did to a container. */
const containerAction = (method: string, route: string): string | undefined => {
  if (method === "DELETE" && /^\/containers\/[^/]+$/.test(route)) return "delete"
  if (method === "GET" && route.endsWith("/changes")) return "changes"
  if (method === "POST" && route === "/containers/create") return "create"
  if (method === "POST" && route === "/commit") return "commit"
  return method === "POST" && /^\/containers\/.*\/start$/.test(route) ? "start" : undefined
}

type Prometheus = typeof prometheusModule

const engineFacts = (prometheus: Prometheus, registry: Registry, sources: MetricSources) => {
  const registers = [registry]
  const gauge = (name: string, help: string, value: number) =>
    new prometheus.Gauge({ name, help, registers }).set(value)
  gauge("engine_daemon_engine_cpus_cpus", "The number of cpus that the host system of the engine has", cpus().length)
  gauge("engine_daemon_engine_memory_bytes", "The number of bytes of memory that the host system has", totalmem())
  new prometheus.Gauge({
    name: "engine_daemon_engine_info",
    help: "The information related to the engine and the OS it is running on",
    labelNames: ["version", "os_type", "architecture"],
    registers
  }).set({ version, os_type: "linux", architecture: process.arch }, 1)
  const states = new prometheus.Gauge({
    name: "engine_daemon_container_states_containers",
    help: "The count of containers in various states",
    labelNames: ["state"],
    registers,
    collect: async () => {
      const counts = await sources.counts()
      for (const state of ["running", "paused", "stopped"] as const) states.set({ state }, counts[state])
    }
  })
}

const requestMetrics = (prometheus: Prometheus, registry: Registry) => {
  const registers = [registry]
  const actions: Histogram = new prometheus.Histogram({
    name: "engine_daemon_container_actions_seconds",
    help: "The number of seconds it takes to process each container action",
    labelNames: ["action"],
    buckets: BUCKETS_SECONDS,
    registers
  })
  const requests: Counter = new prometheus.Counter({
    name: "sockerless_requests_total",
    help: "API requests by route, method and status",
    labelNames: ["route", "method", "status"],
    registers
  })
  const seconds: Histogram = new prometheus.Histogram({
    name: "sockerless_request_seconds",
    help: "Time until a reply had begun, by route",
    labelNames: ["route", "method"],
    buckets: BUCKETS_SECONDS,
    registers
  })
  return (fact: RequestFact) => {
    const { route, method } = fact
    requests.inc({ route, method, status: fact.status })
    seconds.observe({ route, method }, fact.seconds)
    const action = containerAction(method, route)
    if (action !== undefined && fact.status < 400) actions.observe({ action }, fact.seconds)
  }
}

const recoveryMetrics = (prometheus: Prometheus, registry: Registry): Metrics["recovered"] => {
  const gauge = (name: string, help: string) => new prometheus.Gauge({ name, help, registers: [registry] })
  const duration = gauge("sockerless_recovery_seconds", "How long the last recovery took")
  const adoptedTotal = gauge("sockerless_recovery_adopted_total", "Containers found running at the last recovery")
  const orphansTotal = gauge("sockerless_recovery_orphans_total", "Leftovers removed at the last recovery")
  return (seconds, adopted, removed) => {
    duration.set(seconds)
    adoptedTotal.set(adopted)
    orphansTotal.set(removed)
  }
}

const serve = (registry: Registry, address: { ip: string; port: number }, sources: MetricSources) =>
  Effect.callback<void, CannotListen>((resume) => {
    const server = createServer((request, response) => {
      const answer = (status: number, type: string, body: string) => {
        response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) }).end(body)
      }
      const plain = "text/plain; charset=utf-8"
      if (request.url === "/livez") return answer(200, plain, "ok\n")
      if (request.url === "/readyz") {
        return sources.ready() ? answer(200, plain, "ok\n") : answer(503, plain, "recovering\n")
      }
      if (request.url !== "/metrics") return answer(404, plain, "use /metrics, /livez or /readyz\n")
      registry.metrics().then(
        (body) => answer(200, registry.contentType, body),
        (error: unknown) => answer(500, plain, `${String(error)}\n`)
      )
    })
    const name = `metrics address ${address.ip}:${address.port}`
    server.once("error", (error) => resume(Effect.fail(new CannotListen({ address: name, reason: error.message }))))
    server.listen({ host: address.ip, port: address.port }, () => resume(Effect.void))
  })

/** Serves dockerd's metric names and ours on the metrics address; without one, counts nothing and loads nothing. */
export const startMetrics = Effect.fnUntraced(function* (
  config: Config,
  sources: MetricSources
): Effect.fn.Return<Metrics, CannotListen, Scope.Scope> {
  if (config.metrics === undefined) return noMetrics
  const prometheus = yield* Effect.promise(() => import("prom-client"))
  const registry = new prometheus.Registry()
  prometheus.collectDefaultMetrics({ register: registry })
  engineFacts(prometheus, registry, sources)
  const metrics = { observe: requestMetrics(prometheus, registry), recovered: recoveryMetrics(prometheus, registry) }
  yield* serve(registry, config.metrics, sources)
  return metrics
})

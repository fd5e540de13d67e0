import { makeLocalBackend } from "@sockerless/backend-local"
import { Backends, engineLayer, Recovery, type RecoveryReport } from "@sockerless/engine"
import { diskStore } from "@sockerless/images"
import { Dns, LinuxNetwork } from "@sockerless/oci-runtime"
import { type StartedWorker, storeSqliteOn } from "@sockerless/store"
import { Effect, Layer } from "effect"
import { join } from "node:path"
import type { LaunchOrder } from "../launch/launch-order.ts"
import { builtFile } from "./built-file.ts"
import type { Parts } from "./graph.ts"
import { instanceId } from "./instance.ts"
import type { RecoveryFacts } from "./run.ts"

/** Interface names have fifteen characters; six hex digits tell the daemons of one machine apart. */
const MARK_DIGITS = 6

/** Namespaces of the default bridge made ahead: a start takes one in no time, and building one takes 20 to 40 ms. */
const READY_NAMESPACES = 3

const localBackend = (order: LaunchOrder, mark: string) => {
  const { config } = order
  return makeLocalBackend({
    dataRoot: config.dataRoot,
    execRoot: config.execRoot,
    instanceId: mark,
    defaultBridge: { address: config.bip, mtu: config.mtu },
    dns: config.dns,
    archiveHelper: builtFile("archive-helper.js")
  })
}

/** The backends that the configuration names, `local` always among them. A cloud's code is loaded only when it is. */
const backendsOf = (order: LaunchOrder, instance: string) => {
  const mark = instance.slice(0, MARK_DIGITS)
  const { ecs } = order.config.runtimes
  return Layer.effect(
    Backends,
    Effect.gen(function* () {
      const local = yield* localBackend(order, mark)
      if (ecs === undefined) return Backends.of({ byName: new Map([[local.name, local]]), defaultName: local.name })
      const { ecsBackend } = yield* Effect.promise(() => import("./ecs.ts"))
      const cloud = yield* ecsBackend(ecs, instance)
      const all = [local, cloud]
      return Backends.of({ byName: new Map(all.map((one) => [one.name, one])), defaultName: local.name })
    })
  ).pipe(
    Layer.provide(
      Layer.mergeAll(
        LinuxNetwork.linux({ instance: mark, ready: { bridge: `sl-${mark}`, depth: READY_NAMESPACES } }),
        Dns.onGateways()
      )
    )
  )
}

const named = (what: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length === 0 ? [] : [`${what}: ${names.join(", ")}`]

const factsOf = (report: RecoveryReport): RecoveryFacts => ({
  adopted: report.adopted.length,
  removed: report.leftovers.length,
  seconds: report.millis / 1000,
  lines: [
    `recovery took ${report.millis} ms: ${report.containers} containers known, ${report.adopted.length} running and taken over`,
    ...named(
      "ended while no daemon was there",
      report.endedMeanwhile.map(({ name, exitCode }) => `${name} (exit code ${exitCode})`)
    ),
    ...named("lost without an exit code, as after a power cut", report.lost),
    ...named("started by their restart policy", report.restarted),
    ...named("removals completed", report.completedRemovals),
    ...named("unfinished creates undone", report.rolledBack),
    ...named("leftovers removed", report.leftovers),
    ...report.failures.map(
      ({ id, reason }) =>
        `${/^[0-9a-f]{64}$/.test(id) ? `container ${id.slice(0, 12)}` : id} could not be recovered: ${reason}`
    )
  ]
})

/** The daemon's parts for one order: state in SQLite, images on disk, containers on this machine. */
export const partsOf = (order: LaunchOrder, worker: StartedWorker): Parts => {
  const { config } = order
  const instance = instanceId(config.dataRoot)
  const store = storeSqliteOn(worker)
  const images = diskStore({
    root: join(config.dataRoot, "images"),
    registries: { insecure: config.insecureRegistries, mirrors: config.registryMirrors }
  }).pipe(Layer.provide(store))
  const engine = engineLayer({ instanceId: instance, dataRoot: config.dataRoot }).pipe(
    Layer.provide(backendsOf(order, instance)),
    Layer.provide(Layer.merge(store, images))
  )
  return {
    engine,
    backends: ["local", ...Object.keys(config.runtimes)],
    recover: Effect.map(
      Effect.flatMap(Recovery, (recovery) => recovery.run),
      factsOf
    )
  }
}

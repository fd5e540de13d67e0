import type { BackendFacts } from "@sockerless/backend-contract"
import { Effect } from "effect"
import { readFile } from "node:fs/promises"
import { availableParallelism, release, totalmem } from "node:os"
import type { EngineContext } from "../context.ts"
import { handleOf, backendOf, defaultBackend } from "../context.ts"
import { nowTime } from "../identity.ts"
import type { System, SystemFacts } from "./system.ts"

/** What the app knows of this daemon. */
export interface SystemOptions {
  readonly instanceId: string
  readonly dataRoot: string
}

const operatingSystem = Effect.promise(() =>
  readFile("/etc/os-release", "utf8").then(
    (text) => /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? "Linux",
    () => "Linux"
  )
)

const countContainers = (context: EngineContext): SystemFacts["containers"] => {
  const statuses = context.book.all.map((entry) => entry.snapshot.state.status)
  const count = (...wanted: ReadonlyArray<string>) => statuses.filter((status) => wanted.includes(status)).length
  return {
    total: statuses.length,
    running: count("running", "restarting"),
    paused: count("paused"),
    stopped: count("created", "exited", "dead", "removing")
  }
}

/** `docker info`, `docker system df`, and whether recovery is done. */
export const makeSystem = (
  context: EngineContext,
  options: SystemOptions,
  ready: Effect.Effect<boolean>
): System["Service"] => ({
  ready,
  facts: Effect.gen(function* () {
    const backends = new Map<string, BackendFacts>()
    for (const [name, backend] of context.backends.byName) backends.set(name, yield* backend.about)
    return {
      instanceId: options.instanceId,
      name: context.hostname,
      dataRoot: options.dataRoot,
      containers: countContainers(context),
      images: (yield* context.images.list()).length,
      backends,
      defaultBackend: context.backends.defaultName,
      kernelVersion: release(),
      operatingSystem: yield* operatingSystem,
      memoryBytes: totalmem(),
      cpus: availableParallelism(),
      now: nowTime(),
      warnings: [...backends.values()].flatMap((facts) => facts.warnings)
    }
  }),
  usage: Effect.gen(function* () {
    const backend = yield* defaultBackend(context)
    const containers = yield* Effect.forEach(context.book.all, (entry) =>
      Effect.gen(function* () {
        const size = yield* (yield* backendOf(context, entry)).size(yield* handleOf(entry))
        return { id: entry.snapshot.spec.id, ...size }
      })
    )
    const volumes = yield* Effect.forEach(context.volumes.all, (volume) =>
      Effect.map(backend.volumes.usage(volume.name), ({ bytes }) => ({
        name: volume.name,
        bytes,
        references: context.book.all.filter((entry) =>
          entry.snapshot.spec.mounts.some((mount) => mount.type === "volume" && mount.name === volume.name)
        ).length
      }))
    )
    const images = yield* context.images.list()
    return { layersBytes: images.reduce((sum, image) => sum + image.sizeBytes, 0), containers, volumes }
  })
})

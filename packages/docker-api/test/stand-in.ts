import { Containers, Events, Execs, Images, Networks, System, Volumes } from "@sockerless/engine"
import { Effect, Layer, Stream } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { dockerApi, type DockerApiOptions } from "../src/index.ts"

export type Parts = {
  readonly containers?: Partial<Containers["Service"]>
  readonly events?: Partial<Events["Service"]>
  readonly execs?: Partial<Execs["Service"]>
  readonly images?: Partial<Images["Service"]>
  readonly networks?: Partial<Networks["Service"]>
  readonly volumes?: Partial<Volumes["Service"]>
  readonly system?: Partial<System["Service"]>
}

const facts: Effect.Success<System["Service"]["facts"]> = {
  instanceId: "instance",
  name: "test",
  dataRoot: "/var/lib/sockerless",
  containers: { total: 0, running: 0, paused: 0, stopped: 0 },
  images: 0,
  backends: new Map([
    [
      "local",
      {
        description: "",
        storageDriver: "overlay2",
        storageStatus: [],
        cgroupDriver: "cgroupfs",
        cgroupVersion: "1",
        securityOptions: [],
        runtimePath: "crun",
        runtimeVersion: "1.8.1",
        warnings: []
      }
    ]
  ]),
  defaultBackend: "local",
  kernelVersion: "6.1",
  operatingSystem: "Debian",
  memoryBytes: 1,
  cpus: 2,
  now: "2026-01-01T00:00:00Z",
  warnings: []
}

/** Everything a test does not give is absent: reaching it is a defect and shows as 500. */
const services = (parts: Parts) =>
  Layer.mergeAll(
    Layer.mock(Containers, parts.containers ?? {}),
    Layer.mock(Events, { follow: () => Effect.succeed(Stream.never), ...parts.events }),
    Layer.mock(Execs, parts.execs ?? {}),
    Layer.mock(Images, parts.images ?? {}),
    Layer.mock(Networks, parts.networks ?? {}),
    Layer.mock(Volumes, parts.volumes ?? {}),
    Layer.mock(System, { facts: Effect.succeed(facts), ...parts.system })
  )

/** A server over the given parts on a socket of its own, stopped with the scope. */
export const serve = (parts: Parts, options: Partial<DockerApiOptions> = {}) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const api = yield* dockerApi({ version: "0.1.0", ...options })
      const folder = mkdtempSync(join(tmpdir(), "docker-api-"))
      const socketPath = join(folder, "d.sock")
      const server = api.createServer("unix")
      yield* Effect.callback<void>((resume) => {
        server.listen(socketPath, () => resume(Effect.void))
      })
      return { api, server, socketPath, folder }
    }).pipe(Effect.provide(services(parts))),
    ({ server, folder }) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
        rmSync(folder, { recursive: true, force: true })
      })
  )

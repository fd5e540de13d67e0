import type { BackendShape, Handle, Launch, NetworkSpec } from "@sockerless/backend-contract"
import type { ImageStore } from "@sockerless/images"
import type { Store } from "@sockerless/store"
import { Effect } from "effect"
import type { Backends } from "./backend.ts"
import type { ContainerBook } from "./containers/book.ts"
import type { Entry } from "./containers/entry.ts"
import type { Event, Events } from "./events/events.ts"
import { type DockerFault, failed, invalid } from "./faults.ts"
import type { NetworkBook } from "./networks/book.ts"
import type { Opening } from "./opening.ts"
import type { VolumeBook } from "./volumes/book.ts"

/** What every verb works with. Made once when the engine's layer is built. */
export interface EngineContext {
  readonly store: Store["Service"]
  readonly backends: Backends["Service"]
  readonly images: ImageStore["Service"]
  readonly events: Events["Service"]
  readonly book: ContainerBook
  readonly networks: NetworkBook
  readonly volumes: VolumeBook
  readonly opening: Opening
  readonly hostname: string
}

export const backendNamed = (context: EngineContext, name: string): Effect.Effect<BackendShape, DockerFault> => {
  const backend = context.backends.byName.get(name === "" ? context.backends.defaultName : name)
  return backend === undefined
    ? Effect.fail(invalid(`unknown or invalid runtime name: ${name}`))
    : Effect.succeed(backend)
}

export const backendOf = (context: EngineContext, entry: Entry): Effect.Effect<BackendShape, DockerFault> =>
  backendNamed(context, entry.snapshot.spec.runtime)

/** The backend that holds networks and volumes that name none. */
export const defaultBackend = (context: EngineContext): Effect.Effect<BackendShape, DockerFault> =>
  backendNamed(context, "")

/** Id a `container:<id>` mode names. */
export const joinedId = (mode: string): string | undefined =>
  mode.startsWith("container:") ? mode.slice("container:".length) : undefined

const launchWith = (
  context: EngineContext,
  entry: Entry,
  networks: ReadonlyArray<NetworkSpec>
): Effect.Effect<Launch, DockerFault> =>
  Effect.sync(() => {
    const { spec } = entry.snapshot
    const joined: Record<string, Launch["joined"][string]> = {}
    for (const mode of [spec.network.mode, spec.isolation.pidMode, spec.isolation.ipcMode]) {
      const other = context.book.byId(joinedId(mode) ?? "")
      if (other?.handle !== undefined) {
        joined[other.snapshot.spec.id] = { handle: other.handle, spec: other.snapshot.spec }
      }
    }
    const volumeMountpoints: Record<string, string> = {}
    for (const mount of spec.mounts) {
      if (mount.type === "volume") volumeMountpoints[mount.name] = context.volumes.mountpoint(mount.name)
    }
    return { spec, networks, joined, volumeMountpoints }
  })

/** A workload with all it refers to, as it is now; fails when a network of it is gone. */
export const launchOf = (context: EngineContext, entry: Entry): Effect.Effect<Launch, DockerFault> =>
  Effect.flatMap(
    Effect.forEach(Object.keys(entry.snapshot.spec.network.endpoints), (id) => context.networks.byId(id)),
    (networks) => launchWith(context, entry, networks)
  )

/** As `launchOf` with what is left of its networks: a stopped container does not keep a network from being removed. */
export const remainingLaunchOf = (context: EngineContext, entry: Entry): Effect.Effect<Launch, DockerFault> =>
  Effect.suspend(() => {
    const ids = entry.snapshot.spec.network.endpoints
    return launchWith(
      context,
      entry,
      context.networks.all.filter((network) => ids[network.id] !== undefined)
    )
  })

/** The handle of a container that was created; every verb but `create` has one. */
export const handleOf = (entry: Entry): Effect.Effect<Handle, DockerFault> =>
  entry.handle === undefined
    ? Effect.fail(failed(`container ${entry.snapshot.spec.id} was never created on its backend`))
    : Effect.succeed(entry.handle)

/** Publishes a container event with Docker's attributes: labels, image, name and what the verb adds. */
export const containerEvent = (
  context: EngineContext,
  entry: Entry,
  action: string,
  attributes: Readonly<Record<string, string>> = {}
): Effect.Effect<void> => {
  const { spec } = entry.snapshot
  return context.events.publish({
    type: "container",
    action,
    actorId: spec.id,
    attributes: { ...spec.labels, image: spec.image.reference, name: spec.name, ...attributes }
  })
}

export const publish = (
  context: EngineContext,
  type: Event["type"],
  action: string,
  actorId: string,
  attributes: Readonly<Record<string, string>>
): Effect.Effect<void> => context.events.publish({ type, action, actorId, attributes })

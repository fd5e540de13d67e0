import type { EndpointSpec, MountSpec } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import type { ImageRecord } from "@sockerless/images"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { stat } from "node:fs/promises"
import { backendNamed, containerEvent, type EngineContext, joinedId, launchOf } from "../context.ts"
import { type DockerFault, failed, invalid, notFound } from "../faults.ts"
import { newId, nowTime, zeroTime } from "../identity.ts"
import { createVolume, eraseVolume } from "../volumes/verbs.ts"
import { buildSpec } from "./build-spec.ts"
import type { CreateContainer } from "./containers.ts"
import { type Entry, makeEntry } from "./entry.ts"
import { checkLinks } from "./links.ts"
import { parseVolumesFrom, resolveMounts } from "./mounts.ts"
import { checkName, generateName } from "./names.ts"
import { anonymousVolumesOf } from "./remove.ts"
import type { ContainerSnapshot, MountPoint } from "./snapshot.ts"
import { checkWorkload } from "./validate.ts"

const findImage = (context: EngineContext, ref: string): Effect.Effect<ImageRecord, Fault> =>
  ref === ""
    ? Effect.fail(invalid("no image specified"))
    : Effect.mapError(context.images.resolve(ref), (fault: Fault) => {
        if (fault.kind !== "not-found") return fault
        const hasTag = ref.includes("@") || /:[^/]+$/.test(ref)
        return notFound(`No such image: ${hasTag ? ref : `${ref}:latest`}`)
      })

const wrongPlatform = (image: ImageRecord, wanted: string | undefined): DockerFault | undefined => {
  if (wanted === undefined) return undefined
  const [os = "", architecture] = wanted.split("/")
  const matches = os === image.os && (architecture === undefined || architecture === image.architecture)
  return matches
    ? undefined
    : notFound(
        `image with reference ${image.repoTags[0] ?? image.id} was found but does not provide the specified platform (${wanted})`
      )
}

/** Not-found at create means the image to clients, which then pull it: what else is missing is invalid. */
const asInvalid = (fault: DockerFault): DockerFault => (fault.kind === "not-found" ? invalid(fault.message) : fault)

/** `container:<ref>` with the id in place of the reference. */
const resolveMode = (context: EngineContext, mode: string): Effect.Effect<string, DockerFault> =>
  mode.startsWith("container:")
    ? context.book.resolve(mode.slice("container:".length)).pipe(
        Effect.map((entry) => `container:${entry.snapshot.spec.id}`),
        Effect.mapError(asInvalid)
      )
    : Effect.succeed(mode)

/** A joined network brings the name of its owner. */
const joinedHostname = (context: EngineContext, mode: string): string | undefined =>
  context.book.byId(joinedId(mode) ?? "")?.snapshot.spec.hostname

/** Endpoints by network id: the starting network first, then the others in the order given. */
const resolveEndpoints = Effect.fnUntraced(function* (
  context: EngineContext,
  mode: string,
  given: CreateContainer["requested"]["endpoints"]
): Effect.fn.Return<Readonly<Record<string, EndpointSpec>>, DockerFault> {
  if (mode === "host" || mode.startsWith("container:")) return {}
  const refs = [mode, ...Object.keys(given).filter((ref) => ref !== mode && ref !== "default")]
  const endpoints: Record<string, EndpointSpec> = {}
  for (const ref of refs) {
    const network = yield* context.networks.resolve(ref).pipe(Effect.mapError(asInvalid))
    const asked = given[ref] ?? (ref === mode ? given["default"] : undefined)
    if (endpoints[network.id] !== undefined) continue
    endpoints[network.id] = {
      aliases: [],
      links: [],
      driverOptions: {},
      ...asked,
      networkId: network.id,
      networkName: network.name
    }
  }
  return endpoints
})

const inheritedMounts = (context: EngineContext, refs: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(refs, (text) =>
      Effect.gen(function* () {
        const { ref, readOnly } = yield* parseVolumesFrom(text)
        const other = yield* context.book.resolve(ref).pipe(Effect.mapError(asInvalid))
        return other.snapshot.spec.mounts
          .filter((mount) => mount.type !== "tmpfs")
          .map((mount): MountSpec => (readOnly ? { ...mount, readOnly: true } : mount))
      })
    ),
    (lists) => lists.flat()
  )

/** `--mount type=bind` refuses a missing source, which `--volume` creates. */
const checkBindSources = (mounts: ReadonlyArray<MountSpec>) =>
  Effect.forEach(
    mounts,
    (mount) =>
      mount.type !== "bind" || mount.createSource
        ? Effect.void
        : Effect.tryPromise({
            try: () => stat(mount.source),
            catch: () =>
              invalid(`invalid mount config for type "bind": bind source path does not exist: ${mount.source}`)
          }),
    { discard: true }
  )

const makeVolumes = (context: EngineContext, mounts: ReadonlyArray<MountSpec>) =>
  Effect.forEach(
    mounts,
    (mount) =>
      mount.type === "volume"
        ? createVolume(context, { name: mount.name, driver: mount.driver, labels: {}, options: {} }, mount.anonymous)
        : Effect.void,
    { discard: true }
  )

const mountPoints = (context: EngineContext, mounts: ReadonlyArray<MountSpec>): ReadonlyArray<MountPoint> =>
  mounts.flatMap((mount): ReadonlyArray<MountPoint> => {
    if (mount.type === "tmpfs") {
      return mount.short
        ? []
        : [{ type: "tmpfs", source: "", destination: mount.destination, mode: "", rw: true, propagation: "" }]
    }
    if (mount.type === "bind") {
      const { source, destination, mode, propagation } = mount
      return [{ type: "bind", source, destination, mode, rw: !mount.readOnly, propagation }]
    }
    return [
      {
        type: "volume",
        name: mount.name,
        source: context.volumes.mountpoint(mount.name),
        destination: mount.destination,
        driver: mount.driver,
        mode: mount.mode === "" ? "z" : mount.mode,
        rw: !mount.readOnly,
        propagation: ""
      }
    ]
  })

const DISCARDED_PORTS = "Published ports are discarded when using host network mode"

const prepare = Effect.fnUntraced(function* (
  context: EngineContext,
  request: CreateContainer,
  id: string,
  name: string
) {
  const { requested } = request
  const image = yield* findImage(context, request.image)
  const platform = wrongPlatform(image, request.platform)
  if (platform !== undefined) return yield* Effect.fail(platform)
  const backend = yield* backendNamed(context, requested.runtime)
  const networkMode = yield* resolveMode(
    context,
    requested.networkMode === "" || requested.networkMode === "default" ? "bridge" : requested.networkMode
  )
  const mounts = yield* resolveMounts(
    requested,
    image.config.volumes ?? [],
    yield* inheritedMounts(context, requested.volumesFrom)
  )
  yield* checkBindSources(mounts)
  const parts = {
    id,
    name,
    image,
    mounts,
    networkMode,
    endpoints: yield* resolveEndpoints(context, networkMode, requested.endpoints),
    pidMode: yield* resolveMode(context, requested.isolation.pidMode),
    ipcMode: yield* resolveMode(context, requested.isolation.ipcMode),
    runtime: backend.name,
    joinedHostname: joinedHostname(context, networkMode)
  }
  const spec = buildSpec(request, parts, context.hostname)
  yield* checkWorkload(spec)
  yield* checkLinks(context, spec)
  const warnings = yield* backend.check(spec)
  const discarded = networkMode === "host" && spec.network.portBindings.length > 0
  return { spec, warnings: discarded ? [...warnings, DISCARDED_PORTS] : warnings, backend }
})

const firstSnapshot = (request: CreateContainer, spec: ContainerSnapshot["spec"]): ContainerSnapshot => ({
  spec,
  echo: request.echo,
  createdAt: nowTime(),
  state: {
    status: "created",
    pid: 0,
    exitCode: 0,
    oomKilled: false,
    error: "",
    startedAt: zeroTime,
    finishedAt: zeroTime
  },
  restartCount: 0,
  stoppedByUser: false,
  mounts: [],
  endpoints: {},
  ports: [],
  execIds: [],
  logPath: ""
})

/** Undoes a create that did not get to its end, here or in an earlier life; the record goes last. */
export const rollBack = (context: EngineContext, entry: Entry): Effect.Effect<void, Fault> =>
  Effect.gen(function* () {
    const { spec } = entry.snapshot
    const backend = yield* backendNamed(context, spec.runtime)
    yield* backend.remove(spec.id, entry.handle)
    for (const name of anonymousVolumesOf(context, entry)) yield* eraseVolume(context, name)
    yield* context.book.erase(entry, false)
  })

/**
 * `docker create`. The id is decided and the intent durable before the backend hears of it; a create that did not
 * finish is rolled back, here or by recovery.
 */
export const createContainer = Effect.fn("engine.containers.create")(function* (
  context: EngineContext,
  request: CreateContainer
): Effect.fn.Return<{ readonly id: string; readonly warnings: ReadonlyArray<string> }, Fault> {
  const id = newId()
  const checked =
    request.name === undefined
      ? { name: generateName((name) => context.book.isNameTaken(name)), fault: undefined }
      : checkName(request.name)
  if (checked.fault !== undefined) return yield* Effect.fail(checked.fault)
  const { name } = checked
  yield* context.book.reserveName(name, id)
  const undoName = Effect.sync(() => {
    if (context.book.byId(id) === undefined) context.book.releaseName(name, id)
  })
  return yield* Effect.gen(function* () {
    const { spec, warnings, backend } = yield* prepare(context, request, id, name)
    const entry = makeEntry(firstSnapshot(request, spec), undefined, true)
    context.book.add(entry)
    const intent = { verb: "create", id } as const
    yield* Effect.gen(function* () {
      yield* context.book.save(entry, entry.snapshot, intent)
      killpoint("engine.create.after-intent")
      yield* makeVolumes(context, spec.mounts)
      killpoint("engine.create.after-volumes")
      entry.handle = yield* backend.create(yield* launchOf(context, entry), intent)
      killpoint("engine.create.before-outcome")
      yield* context.book.save(entry, { ...entry.snapshot, mounts: mountPoints(context, spec.mounts) })
      killpoint("engine.create.after-outcome")
    }).pipe(
      Effect.tapError(() =>
        rollBack(context, entry).pipe(
          Effect.tapError((fault) => Effect.logWarning(`rolling back the create of ${id}: ${fault.message}`)),
          Effect.ignore
        )
      ),
      Effect.mapError((fault) => (fault.kind === "failed" ? failed(fault.message) : fault))
    )
    yield* containerEvent(context, entry, "create")
    return { id, warnings }
  }).pipe(Effect.ensuring(undoName), Effect.uninterruptible)
})

import { type End, makeScriptedBackend, type Script, type ScriptedPlace } from "@sockerless/backend-scripted"
import type { Fault } from "@sockerless/faults"
import { diskStore, ImageStore } from "@sockerless/images"
import { storeSqlite } from "@sockerless/store"
import { Context, Effect, Exit, Layer, Scope, Stream } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pack } from "tar-stream"
import { Readable } from "node:stream"
import {
  Backends,
  Containers,
  type CreateContainer,
  engineLayer,
  type Event,
  Events,
  Execs,
  type Filters,
  Networks,
  Recovery,
  type RecoveryReport,
  Volumes
} from "../src/index.ts"

type Services = Context.Context<Containers | Events | Execs | Networks | Recovery | Volumes | ImageStore>

/** One life of a daemon over a place. */
export interface Life {
  readonly report: RecoveryReport
  readonly containers: Containers["Service"]
  readonly events: Events["Service"]
  readonly execs: Execs["Service"]
  readonly networks: Networks["Service"]
  readonly volumes: Volumes["Service"]
  readonly images: ImageStore["Service"]
  /** Dies: nothing is finished, nothing is told. The place goes on. */
  readonly die: Effect.Effect<void>
}

/** Commands of these tests: `exit N` ends at once, `missing` cannot be started, all others run until they are ended. */
export const script: Partial<Script> = {
  behave: ({ argv }) => (argv[0] === "exit" ? { exitCode: Number(argv[1]) } : new Promise<End>(() => undefined)),
  cannotStart: ([program]) =>
    program === "missing" ? { detail: 'exec: "missing": executable file not found in $PATH', exitCode: 127 } : undefined
}

export const IMAGE = "test/image:v1"

const imageTar = (): Readable => {
  const tar = pack()
  tar.entry({ name: "etc/passwd" }, "root:x:0:0:root:/root:/bin/sh\n")
  tar.finalize()
  return Readable.from(tar)
}

const build = (folder: string, place: ScriptedPlace) => {
  const store = storeSqlite({ file: join(folder, "state.db"), ballastBytes: 0 })
  const images = diskStore({ root: join(folder, "images"), registries: { insecure: [], mirrors: [] } }).pipe(
    Layer.provide(store)
  )
  const backends = Layer.effect(
    Backends,
    Effect.map(makeScriptedBackend(place), (backend) =>
      Backends.of({ byName: new Map([[backend.name, backend]]), defaultName: backend.name })
    )
  )
  return engineLayer({ instanceId: "test", dataRoot: folder }).pipe(
    Layer.provideMerge(images),
    Layer.provide(backends),
    Layer.provide(store)
  )
}

/** Starts a life; it ends with the scope, unless it died before. */
const live = Effect.fnUntraced(function* (folder: string, place: ScriptedPlace) {
  const scope = yield* Scope.make()
  const die = Scope.close(scope, Exit.void)
  yield* Effect.addFinalizer(() => die)
  const services: Services = yield* Layer.buildWithScope(build(folder, place), scope)
  const images = Context.get(services, ImageStore)
  if ((yield* images.list()).length === 0) {
    const options = { repository: "test/image", tag: "v1", message: "", changes: ['CMD ["idle"]'], platform: undefined }
    yield* Effect.flatMap(images.importTar(imageTar(), options), Stream.runDrain)
  }
  const life: Life = {
    report: yield* Context.get(services, Recovery).run,
    containers: Context.get(services, Containers),
    events: Context.get(services, Events),
    execs: Context.get(services, Execs),
    networks: Context.get(services, Networks),
    volumes: Context.get(services, Volumes),
    images,
    die
  }
  return life
})

/** A folder of its own with a real store in it, and daemons that live there one after the other. */
export const world = Effect.fnUntraced(function* (place: ScriptedPlace) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "engine-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  return { begin: live(folder, place) }
})

type Requested = CreateContainer["requested"]

/** A create request as the wire makes it of `docker create IMAGE`, with these changes. */
export const request = (name: string | undefined, change: Partial<Requested> = {}): CreateContainer => ({
  name,
  image: IMAGE,
  platform: undefined,
  echo: { config: {}, hostConfig: {}, networkingConfig: {} },
  requested: {
    entrypoint: undefined,
    command: undefined,
    env: [],
    workingDir: "",
    user: "",
    labels: {},
    stopSignal: "",
    stopTimeoutSeconds: undefined,
    healthcheck: undefined,
    exposedPorts: [],
    anonymousVolumes: [],
    binds: [],
    mounts: [],
    tmpfs: {},
    volumesFrom: [],
    networkMode: "",
    endpoints: {},
    portBindings: [],
    publishAll: false,
    dns: [],
    dnsSearch: [],
    dnsOptions: [],
    extraHosts: [],
    hostname: "",
    domainname: "",
    process: { groupAdd: [], tty: false, openStdin: false, stdinOnce: false },
    restart: { name: "no", maximumRetryCount: 0 },
    autoRemove: false,
    isolation: {
      privileged: false,
      readOnlyRootfs: false,
      init: false,
      capAdd: [],
      capDrop: [],
      noNewPrivileges: false,
      seccomp: "default",
      sysctls: {},
      ulimits: [],
      devices: [],
      deviceCgroupRules: [],
      oomScoreAdj: 0,
      shmSizeBytes: 64 * 1024 * 1024,
      ipcMode: "private",
      pidMode: "",
      utsMode: "",
      cgroupnsMode: "host",
      cgroupParent: ""
    },
    resources: {},
    logging: { driver: "json-file", options: {} },
    runtime: "",
    ...change
  }
})

export const filters = (given: Readonly<Record<string, ReadonlyArray<string>>> = {}): Filters =>
  new Map(Object.entries(given))

/** Creates and starts; returns the id. */
export const running = (life: Life, name: string, change: Partial<Requested> = {}): Effect.Effect<string, Fault> =>
  Effect.gen(function* () {
    const { id } = yield* life.containers.create(request(name, change))
    yield* life.containers.start(id)
    return id
  })

/** Everything that has happened so far, oldest first. */
export const past = (life: Life, wanted: Filters = filters()): Effect.Effect<ReadonlyArray<Event>, Fault> =>
  Effect.gen(function* () {
    // The window is closed on a later millisecond than the last event's.
    yield* realMillis(3)
    const window = { since: 0n, until: BigInt(Date.now() - 1) * 1_000_000n }
    return [...(yield* Stream.runCollect(yield* life.events.follow({ ...window, filters: wanted })))]
  })

/** What happened to containers, in Docker's words. */
export const containerActions = (life: Life): Effect.Effect<ReadonlyArray<string>, Fault> =>
  Effect.map(past(life, filters({ type: ["container"] })), (events) => events.map(({ action }) => action))

/** Waits on the real clock, also where the test's clock stands still. */
export const realMillis = (millis: number): Effect.Effect<void> =>
  Effect.promise(() => new Promise((resolve) => void globalThis.setTimeout(resolve, millis)))

/** Looks until it holds; a busy machine may take long. */
export const until = <A>(
  what: string,
  look: Effect.Effect<A, Fault>,
  holds: (seen: A) => boolean
): Effect.Effect<A, Fault> =>
  Effect.gen(function* () {
    const start = performance.now()
    for (;;) {
      const seen = yield* look
      if (holds(seen)) return seen
      if (performance.now() - start > 60_000)
        throw new Error(`never happened: ${what}; at last ${JSON.stringify(seen)}`)
      yield* realMillis(5)
    }
  })

export const statusOf = (life: Life, ref: string) =>
  Effect.map(life.containers.inspect(ref), ({ state }) => state.status)

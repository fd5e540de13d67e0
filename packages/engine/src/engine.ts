import type { Fault } from "@sockerless/faults"
import { ImageStore } from "@sockerless/images"
import { Store } from "@sockerless/store"
import { Context, Effect, Layer, PubSub, Ref, Stream } from "effect"
import { hostname } from "node:os"
import { Backends } from "./backend.ts"
import { ContainerBook } from "./containers/book.ts"
import { Containers } from "./containers/containers.ts"
import { handleExit } from "./containers/exit.ts"
import type { ContainerSnapshot } from "./containers/snapshot.ts"
import { makeContainers } from "./containers/verbs.ts"
import type { EngineContext } from "./context.ts"
import { Events } from "./events/events.ts"
import { makeEvents } from "./events/live-events.ts"
import { Execs } from "./execs/execs.ts"
import { makeExecs } from "./execs/verbs.ts"
import { Images } from "./images/images.ts"
import { makeImages } from "./images/verbs.ts"
import { NetworkBook } from "./networks/book.ts"
import { Networks } from "./networks/networks.ts"
import { makeNetworks } from "./networks/verbs.ts"
import { loadRecords, recover, type RecoveryReport } from "./recovery.ts"
import { makeSystem, type SystemOptions } from "./system/make.ts"
import { System } from "./system/system.ts"
import { VolumeBook } from "./volumes/book.ts"
import { Volumes } from "./volumes/volumes.ts"
import { makeVolumes } from "./volumes/verbs.ts"

/** Runs recovery once; the app calls it when it listens. */
export class Recovery extends Context.Service<
  Recovery,
  {
    readonly run: Effect.Effect<RecoveryReport, Fault>
  }
>()("@sockerless/engine/Recovery") {}

export type EngineOptions = SystemOptions

const CHANGES_BACKLOG = 1024

const makeContext = Effect.gen(function* () {
  const store = yield* Store
  const changes = yield* PubSub.sliding<ContainerSnapshot>(CHANGES_BACKLOG)
  const context: EngineContext = {
    store,
    backends: yield* Backends,
    images: yield* ImageStore,
    events: yield* makeEvents(store),
    book: new ContainerBook(store, changes),
    networks: new NetworkBook(store),
    volumes: new VolumeBook(store),
    opening: { isOpen: false },
    hostname: hostname()
  }
  return context
})

/** Hands every end that a backend tells to the container it belongs to; one that fails is logged and goes on. */
const followExits = (context: EngineContext) =>
  Effect.forEach(
    context.backends.byName.values(),
    (backend) =>
      backend.exits.pipe(
        Stream.runForEach((report) =>
          handleExit(context, report).pipe(
            Effect.tapError((fault) => Effect.logError(`the end of container ${report.id}: ${fault.message}`)),
            Effect.ignore,
            Effect.forkDetach
          )
        ),
        Effect.forkScoped
      ),
    { discard: true }
  )

type Provided = Containers | Events | Execs | Images | Networks | Recovery | System | Volumes

/** Docker's nouns over the given backends. Records are loaded when the layer is built; `Recovery.run` does the rest. */
export const engineLayer = (options: EngineOptions): Layer.Layer<Provided, Fault, Store | ImageStore | Backends> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const context = yield* makeContext
      const ready = yield* Ref.make(false)
      const records = yield* loadRecords(context)
      const execs = yield* makeExecs(context)
      yield* followExits(context)
      return Context.make(Containers, makeContainers(context)).pipe(
        Context.add(Events, context.events),
        Context.add(Execs, execs),
        Context.add(Images, makeImages(context)),
        Context.add(Networks, makeNetworks(context)),
        Context.add(Volumes, makeVolumes(context)),
        Context.add(System, makeSystem(context, options, Ref.get(ready))),
        Context.add(Recovery, { run: Effect.tap(recover(context, records), () => Ref.set(ready, true)) })
      )
    })
  )

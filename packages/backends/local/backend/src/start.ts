import type { Launch, Started } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { fifoStdin, launch as launchContainer, release } from "@sockerless/oci-runtime"
import { Effect } from "effect"
import { mkdirSync } from "node:fs"
import { cgroupPathOf, containerSpecOf } from "./container-spec.ts"
import { handleOf, type LocalContext } from "./context.ts"
import { attempt, LocalFailed } from "./faults.ts"
import { writeIdentityFiles } from "./identity-files.ts"
import { type LaunchRecord, writeLaunchRecord } from "./launch-record.ts"
import { layersOf } from "./root.ts"
import { startedFrom } from "./started.ts"

const requireJoined = (context: LocalContext, launch: Launch): Effect.Effect<void, LocalFailed> => {
  const { network, isolation } = launch.spec
  const joined = [network.mode, isolation.pidMode, isolation.ipcMode].flatMap((mode) =>
    mode.startsWith("container:") ? [mode.slice("container:".length)] : []
  )
  const stopped = joined.find((id) => context.live.pidOf(id) === 0)
  return stopped === undefined
    ? Effect.void
    : Effect.fail(
        new LocalFailed({
          step: "cannot join network of a non running container",
          reason: launch.joined[stopped]?.spec.id ?? stopped
        })
      )
}

/** Undoes a start that did not get to a running process; its own failure must not hide the first one. */
const giveBack = (context: LocalContext, id: string, record: LaunchRecord) =>
  Effect.all([release(context.tools, context.folders, id, record.cgroupPath), context.networks.leave(id, record)]).pipe(
    Effect.tapError((fault) => Effect.logWarning(`giving back what the failed start of ${id} held: ${fault.message}`)),
    Effect.ignore
  )

const runContainer = Effect.fnUntraced(function* (context: LocalContext, launch: Launch, record: LaunchRecord) {
  const { id } = launch.spec
  const live = context.live.of(id)
  yield* writeLaunchRecord(context.paths, id, record)
  yield* writeIdentityFiles(context, launch, record)
  killpoint("local.start.after-files")
  const layers = yield* layersOf(context, launch)
  const spec = containerSpecOf(launch, {
    paths: context.paths,
    layers,
    record,
    initPath: context.tools.initPath,
    pidOf: (other) => context.live.pidOf(other)
  })
  const { running, stdinFd } = yield* launchContainer(
    context.tools,
    context.folders,
    spec,
    context.paths.container(id).log
  )
  killpoint("local.start.after-launch")
  live.running = running
  live.record = record
  live.stdin = stdinFd === undefined ? undefined : fifoStdin(stdinFd)
  for (const connect of live.waitingForStdin) connect()
  // A process that ended before this line was told when nobody knew it: asked for again.
  yield* context.exits.look(id)
  return running
})

/**
 * Joins the networks, publishes the ports, runs the container. Addresses and ports are in the launch record before
 * the first process exists. After a failure nothing is left running and nothing is booked.
 */
export const startContainer = Effect.fn("local.start")(function* (
  context: LocalContext,
  launch: Launch
): Effect.fn.Return<Started, Fault> {
  const { id } = launch.spec
  const live = context.live.of(id)
  return yield* live.lock.withPermit(
    Effect.gen(function* () {
      yield* requireJoined(context, launch)
      yield* attempt(`create bundle of ${id}`, async () =>
        mkdirSync(context.paths.bundle(id), { recursive: true, mode: 0o711 })
      )
      killpoint("local.start.before-networks")
      const joined = yield* context.networks.join(launch)
      const record: LaunchRecord = { ...joined, cgroupPath: cgroupPathOf(launch.spec, context.cgroupParent) }
      killpoint("local.start.after-networks")
      const running = yield* runContainer(context, launch, record).pipe(
        Effect.tapError(() => giveBack(context, id, record))
      )
      return startedFrom(context, handleOf(id), running, record)
    })
  )
})

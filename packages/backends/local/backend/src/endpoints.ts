import type { EndpointFacts, EndpointSpec, Handle, Launch } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { type LocalContext, handleOf } from "./context.ts"
import { LocalConflict } from "./faults.ts"
import { type LaunchRecord, writeLaunchRecord } from "./launch-record.ts"
import { endpointFacts } from "./started.ts"

const runningRecord = (context: LocalContext, id: string): Effect.Effect<LaunchRecord, LocalConflict> =>
  Effect.suspend(() => {
    const { running, record } = context.live.of(id)
    return running === undefined || record === undefined
      ? Effect.fail(new LocalConflict({ text: `container ${id} is not running` }))
      : Effect.succeed(record)
  })

const keep = (context: LocalContext, id: string, record: LaunchRecord) =>
  Effect.gen(function* () {
    yield* writeLaunchRecord(context.paths, id, record)
    killpoint("local.endpoints.after-record")
    context.live.of(id).record = record
  })

/** Gives a running container one more interface. */
export const connectEndpoint = Effect.fn("local.networks.connect")(function* (
  context: LocalContext,
  launch: Launch,
  endpoint: EndpointSpec
): Effect.fn.Return<{ readonly handle: Handle; readonly facts: EndpointFacts }, Fault> {
  const { id } = launch.spec
  return yield* context.live.of(id).lock.withPermit(
    Effect.gen(function* () {
      const record = yield* runningRecord(context, id)
      const added = yield* context.networks.connect(launch, record, endpoint)
      killpoint("local.endpoints.before-record")
      yield* keep(context, id, { ...record, endpoints: [...record.endpoints, added] })
      return { handle: handleOf(id), facts: endpointFacts(added) }
    })
  )
})

/** Takes an interface away from a running container. Absent is success. */
export const disconnectEndpoint = Effect.fn("local.networks.disconnect")(function* (
  context: LocalContext,
  launch: Launch,
  networkId: string
): Effect.fn.Return<Handle, Fault> {
  const { id } = launch.spec
  return yield* context.live.of(id).lock.withPermit(
    Effect.gen(function* () {
      const record = yield* runningRecord(context, id)
      yield* keep(context, id, yield* context.networks.disconnect(id, record, networkId))
      return handleOf(id)
    })
  )
})

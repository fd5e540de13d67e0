import type { Started } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import type { ContainerSnapshot } from "../containers/snapshot.ts"
import type { Entry } from "../containers/entry.ts"
import { backendOf, type EngineContext, handleOf, remainingLaunchOf } from "../context.ts"

/**
 * Makes a running container's endpoints and its record agree after a crash in the middle of a connect or disconnect:
 * the connect is undone, the disconnect completed. Gives what the snapshot shall say.
 */
export const settleEndpoints = Effect.fn("engine.networks.settle-endpoints")(function* (
  context: EngineContext,
  entry: Entry,
  seen: Started["endpoints"]
): Effect.fn.Return<Pick<ContainerSnapshot, "spec" | "endpoints">, Fault> {
  const { spec, endpoints: known } = entry.snapshot
  const asked = spec.network.endpoints
  const backend = yield* backendOf(context, entry)
  for (const networkId of Object.keys(seen).filter((id) => asked[id] === undefined)) {
    entry.handle = yield* backend.networks.disconnect(
      yield* remainingLaunchOf(context, entry),
      yield* handleOf(entry),
      networkId
    )
  }
  const left = Object.entries(asked).filter(([id]) => known[id] === undefined || seen[id] !== undefined)
  const endpoints = Object.entries(seen).flatMap(([id, facts]) =>
    asked[id] === undefined ? [] : [[id, known[id] ?? facts] as const]
  )
  return {
    spec: { ...spec, network: { ...spec.network, endpoints: Object.fromEntries(left) } },
    endpoints: Object.fromEntries(endpoints)
  }
})

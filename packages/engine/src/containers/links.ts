import type { Launch, WorkloadSpec } from "@sockerless/backend-contract"
import { Effect } from "effect"
import type { EngineContext } from "../context.ts"
import { type DockerFault, invalid } from "../faults.ts"

interface Link {
  readonly networkId: string
  readonly ref: string
  readonly alias: string
}

/** `container[:alias]`; a full name `/x` stands for `x`. */
const linksOf = (spec: WorkloadSpec): ReadonlyArray<Link> =>
  Object.values(spec.network.endpoints).flatMap((endpoint) =>
    endpoint.links.map((text) => {
      const [name = "", alias] = text.split(":")
      const ref = name.replace(/^\//, "")
      return { networkId: endpoint.networkId, ref, alias: (alias ?? ref).replace(/^.*\//, "") }
    })
  )

/** Refuses `--link` to a container that is not there. */
export const checkLinks = (context: EngineContext, spec: WorkloadSpec): Effect.Effect<void, DockerFault> =>
  Effect.forEach(
    linksOf(spec),
    ({ ref }) =>
      context.book
        .resolve(ref)
        .pipe(Effect.mapError((fault) => invalid(`could not get container for ${ref}: ${fault.message}`))),
    { discard: true }
  )

const hostOf = (
  context: EngineContext,
  spec: WorkloadSpec,
  { networkId, ref, alias }: Link
): Effect.Effect<string, DockerFault> =>
  Effect.gen(function* () {
    const other = (yield* context.book.resolve(ref)).snapshot
    const address = other.state.status === "running" ? (other.endpoints[networkId]?.ipAddress ?? "") : ""
    if (address === "") {
      return yield* Effect.fail(
        invalid(`Cannot link to a non running container: /${other.spec.name} AS /${spec.name}/${alias}`)
      )
    }
    return `${alias}:${address}`
  })

/** A launch whose container knows the linked ones by name, at the addresses they have now. */
export const withLinks = (context: EngineContext, launch: Launch): Effect.Effect<Launch, DockerFault> => {
  const { spec } = launch
  return Effect.map(
    Effect.forEach(linksOf(spec), (link) => hostOf(context, spec, link)),
    (hosts) =>
      hosts.length === 0
        ? launch
        : {
            ...launch,
            spec: { ...spec, network: { ...spec.network, extraHosts: [...spec.network.extraHosts, ...hosts] } }
          }
  )
}

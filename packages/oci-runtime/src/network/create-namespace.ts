import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import {
  type Books,
  decide,
  type LinuxNetworkOptions,
  type Namespace,
  type NamespaceRequest,
  releaseAll,
  resolverOf
} from "./books.ts"
import type { AddressRefused, NetworkFailed } from "./faults.ts"
import { namespacePath } from "./names.ts"
import { buildNamespace, dropNamespaces, type Endpoint } from "./namespaces.ts"
import { makeReadyNamespaces, type ReadyNamespaces } from "./ready-namespaces.ts"

/** Builds a namespace as asked, or leaves nothing behind. */
const build = (
  options: LinuxNetworkOptions,
  books: Books,
  request: NamespaceRequest
): Effect.Effect<Namespace, NetworkFailed | AddressRefused> =>
  Effect.suspend(() => {
    const name = books.names.namespace(request.id)
    const endpoints: Array<Endpoint> = []
    const undo = Effect.suspend(() =>
      Effect.ignore(
        dropNamespaces(
          [name],
          endpoints.map((endpoint) => books.names.veth(name, endpoint.bridgeId))
        )
      ).pipe(Effect.andThen(releaseAll(books, endpoints)))
    )
    return Effect.gen(function* () {
      for (const endpoint of request.endpoints) endpoints.push(yield* decide(books, endpoint))
      const parts = yield* Effect.forEach(endpoints, (endpoint) =>
        Effect.map(books.bridgeOf(endpoint.bridgeId), (bridge) => ({ endpoint, bridge }))
      )
      const resolver =
        request.resolverOn === undefined ? undefined : resolverOf(options, yield* books.bridgeOf(request.resolverOn))
      yield* buildNamespace(books.names, name, { endpoints: parts, resolver })
      return { name, path: namespacePath(name), endpoints }
    }).pipe(Effect.onError(() => undo))
  })

/** The namespaces made ahead for the bridge named in the options. */
export const readyNamespaces = (options: LinuxNetworkOptions, books: Books): ReadyNamespaces<Namespace> => {
  return makeReadyNamespaces<Namespace>(
    options.ready?.depth ?? 0,
    Effect.suspend(() => {
      const bridge = [...books.bridges.values()].find(({ name }) => name === options.ready?.bridge)
      if (bridge === undefined) return Effect.succeed(undefined)
      return build(options, books, {
        id: `ready-${randomBytes(6).toString("hex")}`,
        endpoints: [{ bridgeId: bridge.id, ifName: "eth0", defaultRoute: true }]
      })
    })
  )
}

const fitsReady = (options: LinuxNetworkOptions, books: Books, request: NamespaceRequest): boolean => {
  const [only] = request.endpoints
  return (
    only !== undefined &&
    request.endpoints.length === 1 &&
    request.resolverOn === undefined &&
    books.bridges.get(only.bridgeId)?.name === options.ready?.bridge &&
    only.ifName === "eth0" &&
    only.ip === undefined &&
    only.mac === undefined &&
    only.defaultRoute
  )
}

/** Takes a namespace made ahead where one fits, else builds it. */
export const createNamespace = (
  options: LinuxNetworkOptions,
  books: Books,
  ready: ReadyNamespaces<Namespace>,
  request: NamespaceRequest
): Effect.Effect<Namespace, NetworkFailed | AddressRefused> =>
  Effect.gen(function* () {
    const taken = fitsReady(options, books, request) ? yield* ready.take : undefined
    return taken ?? (yield* build(options, books, request))
  })

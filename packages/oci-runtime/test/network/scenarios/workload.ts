/** Uses every verb once, as instance abcd12; the recovery scenario kills it at a named point. */
import { Effect } from "effect"
import { LinuxNetwork } from "../../../src/network/index.ts"
import { bridge } from "./parts.ts"

const work = Effect.gen(function* () {
  const network = yield* LinuxNetwork
  yield* network.recover({ bridges: [bridge("default", 17)], namespaces: [], published: [] })
  yield* network.ensureBridge(bridge("front", 18))
  const plain = { ifName: "eth0", defaultRoute: true }
  const one = yield* network.createNamespace({
    id: "one",
    endpoints: [{ ...plain, bridgeId: "front" }],
    resolverOn: "front"
  })
  const two = yield* network.createNamespace({ id: "two", endpoints: [{ ...plain, bridgeId: "default" }] })
  const second = yield* network.connect(two.name, { bridgeId: "front", ifName: "eth1", defaultRoute: false })
  yield* network.publish({ endpointName: "two", endpointId: "e2" }, two.endpoints[0]?.ip ?? "", [
    { proto: "tcp", containerPort: 80 }
  ])
  yield* network.disconnect(two.name, second)
  yield* network.unpublish("e2")
  yield* network.removeNamespace(one)
  yield* network.removeNamespace(two)
  yield* network.removeBridge({ id: "front", name: "sl-front" })
})

await Effect.runPromise(
  Effect.provide(work, LinuxNetwork.linux({ instance: "abcd12", ready: { bridge: "sl-default", depth: 2 } }))
)
process.exit(0)

import { Effect } from "effect"
import { LinuxNetwork } from "../../../src/network/index.ts"
import { askTcp, bridge, neighbour, see, tcpServer, within } from "./parts.ts"

const scenario = Effect.gen(function* () {
  yield* Effect.promise(() =>
    within(undefined, `echo ${process.env["BRIDGE_NETFILTER"] ?? "1"} > /proc/sys/net/bridge/bridge-nf-call-iptables`)
  )
  const outside = neighbour()
  const network = yield* LinuxNetwork
  const bridges = [
    bridge("a", 18),
    bridge("b", 19),
    bridge("in", 20, { internal: true }),
    bridge("no", 21, { icc: false })
  ]
  yield* network.recover({ bridges, namespaces: [], published: [] })
  const start = (id: string, bridgeId: string) =>
    network.createNamespace({ id, endpoints: [{ bridgeId, ifName: "eth0", defaultRoute: true }] })
  const a = yield* start("a", "a")
  const b = yield* start("b", "b")
  const in1 = yield* start("in1", "in")
  const in2 = yield* start("in2", "in")
  const no1 = yield* start("no1", "no")
  const no2 = yield* start("no2", "no")
  const none = yield* network.createNamespace({ id: "none", endpoints: [] })
  for (const each of [a, b, in2, no2, outside]) yield* Effect.promise(() => tcpServer(each, 80, "reached"))
  const at = (namespace: typeof a): string => `${namespace.endpoints[0]?.ip}:80`
  const ask = (what: string, from: typeof a | string | undefined, address: string) =>
    Effect.map(
      Effect.promise(() => askTcp(from, address)),
      (answer) => see(`${what}: ${answer}`)
    )
  yield* ask("bridge to bridge", a, at(b))
  yield* ask("inside an internal network", in1, at(in2))
  yield* ask("internal to outside", in1, "10.9.0.2:80")
  yield* ask("bridge to internal", a, at(in2))
  yield* Effect.promise(() => within(in1, "ip route add default via 172.20.0.1"))
  yield* ask("internal to outside with a forged route", in1, "10.9.0.2:80")
  yield* ask("icc off, same bridge", no1, at(no2))
  yield* ask("icc off, outside", no1, "10.9.0.2:80")
  yield* ask("host to container", undefined, at(a))
  see(`none has: ${yield* Effect.promise(() => within(none, "ip -br addr | tr -s ' '"))}`)
  yield* network.publish({ endpointName: "b", endpointId: "b" }, b.endpoints[0]?.ip ?? "", [
    { proto: "tcp", containerPort: 80, hostPort: 8080 }
  ])
  yield* network.publish({ endpointName: "no2", endpointId: "no2" }, no2.endpoints[0]?.ip ?? "", [
    { proto: "tcp", containerPort: 80, hostPort: 8081 }
  ])
  yield* ask("bridge to bridge, published", a, "10.9.0.1:8080")
  yield* ask("icc off, published, from its neighbour", no1, "10.9.0.1:8081")
  const joined = yield* network.connect(a.name, { bridgeId: "b", ifName: "eth1", defaultRoute: false })
  yield* ask("after connect", a, at(b))
  yield* network.disconnect(a.name, joined)
  yield* ask("after disconnect", a, at(b))
  const before = performance.now()
  for (let turn = 0; turn < 10; turn += 1) yield* start(`t${turn}`, "a")
  process.stderr.write(`a namespace takes ${((performance.now() - before) / 10).toFixed(1)} ms\n`)
  const then = performance.now()
  for (let turn = 0; turn < 10; turn += 1)
    yield* network.publish({ endpointName: "t", endpointId: `t${turn}` }, "172.18.0.9", [
      { proto: "tcp", containerPort: 1 }
    ])
  process.stderr.write(`a publish takes ${((performance.now() - then) / 10).toFixed(1)} ms\n`)
})

await Effect.runPromise(Effect.provide(scenario, LinuxNetwork.linux({ instance: "abcd12" })))
process.exit(0)

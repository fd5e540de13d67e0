import { Effect } from "effect"
import { LinuxNetwork } from "../../../src/network/index.ts"
import { askTcp, askUdp, bridge, neighbour, see, tcpServer, udpServer, within } from "./parts.ts"

const scenario = Effect.gen(function* () {
  const network = yield* LinuxNetwork
  yield* Effect.promise(() =>
    within(undefined, `echo ${process.env["BRIDGE_NETFILTER"] ?? "1"} > /proc/sys/net/bridge/bridge-nf-call-iptables`)
  )
  const outside = neighbour()
  yield* network.recover({ bridges: [bridge("default", 17)], namespaces: [], published: [] })
  const plain = { bridgeId: "default", ifName: "eth0", defaultRoute: true }
  const web = yield* network.createNamespace({ id: "web", endpoints: [plain] })
  const peer = yield* network.createNamespace({ id: "peer", endpoints: [plain] })
  const ip = web.endpoints[0]?.ip ?? ""
  see(`address ${ip} ${web.endpoints[0]?.mac}`)
  yield* Effect.promise(() => tcpServer(web, 80, "hello"))
  yield* Effect.promise(() => udpServer(web, 53, "datagram"))
  const owner = { endpointName: "web", endpointId: "e1" }
  yield* network.publish(owner, ip, [
    { proto: "tcp", containerPort: 80, hostPort: 8080 },
    { proto: "tcp", containerPort: 80, hostPort: 8081, hostIp: "127.0.0.1" },
    { proto: "udp", containerPort: 53, hostPort: 5300 }
  ])
  const ask = (name: string, answer: Promise<string>) =>
    Effect.map(
      Effect.promise(() => answer),
      (text) => see(`${name}: ${text}`)
    )
  yield* ask("outside tcp", askTcp(outside, "10.9.0.1:8080"))
  yield* ask("outside udp", askUdp(outside, "10.9.0.1:5300"))
  yield* ask("host by loopback", askTcp(undefined, "127.0.0.1:8080"))
  yield* ask("host by loopback udp", askUdp(undefined, "127.0.0.1:5300"))
  yield* ask("host by own address", askTcp(undefined, "10.9.0.1:8080"))
  yield* ask("loopback publish from the host", askTcp(undefined, "127.0.0.1:8081"))
  yield* ask("loopback publish from outside", askTcp(outside, "10.9.0.1:8081"))
  yield* Effect.promise(() =>
    within(
      outside,
      "echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet; ip route add 172.17.0.0/16 via 10.9.0.1; ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via 10.9.0.1 src 10.9.0.2; true"
    )
  )
  yield* ask("loopback publish by a forged route", askTcp(outside, "127.0.0.1:8081"))
  yield* ask("unpublished port by a forged route", askTcp(outside, `${ip}:80`))
  yield* ask("hairpin from a neighbour", askTcp(peer, "10.9.0.1:8080"))
  yield* ask("hairpin from itself", askTcp(web, "10.9.0.1:8080"))
  yield* ask("hairpin by the gateway, udp", askUdp(peer, "172.17.0.1:5300"))
  yield* ask("container to container", askTcp(peer, `${ip}:80`))
  yield* Effect.promise(() => tcpServer(outside, 9000, "internet"))
  yield* ask("container to outside", askTcp(peer, "10.9.0.2:9000"))
  const again = yield* Effect.flip(
    network.publish({ endpointName: "two", endpointId: "e2" }, ip, [
      { proto: "tcp", containerPort: 80, hostPort: 8080 }
    ])
  )
  see(again.message)
  yield* Effect.promise(() => tcpServer(undefined, 8090, "foreign"))
  const taken = yield* Effect.flip(
    network.publish({ endpointName: "two", endpointId: "e2" }, ip, [
      { proto: "tcp", containerPort: 80, hostPort: 8090 }
    ])
  )
  see(taken.message)
  const [ranged, automatic] = yield* network.publish({ endpointName: "two", endpointId: "e2" }, ip, [
    { proto: "tcp", containerPort: 80, hostPort: 8080, hostPortEnd: 8085 },
    { proto: "tcp", containerPort: 80 }
  ])
  const port = automatic?.hostPort ?? 0
  see(`range ${ranged?.hostPort}, automatic in the ephemeral range: ${port >= 32768 && port <= 60999}`)
  yield* ask("automatic", askTcp(outside, `10.9.0.1:${automatic?.hostPort}`))
  yield* network.unpublish("e1")
  yield* ask("withdrawn", askTcp(outside, "10.9.0.1:8080"))
})

await Effect.runPromise(
  Effect.provide(scenario, LinuxNetwork.linux({ instance: "abcd12", ready: { bridge: "sl-default", depth: 2 } }))
)
process.exit(0)

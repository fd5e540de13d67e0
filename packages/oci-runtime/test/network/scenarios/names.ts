import { Effect, Layer } from "effect"
import { writeFileSync } from "node:fs"
import { Dns, LinuxNetwork, type Namespace } from "../../../src/network/index.ts"
import { bridge, see, within } from "./parts.ts"
import { startUpstream } from "./upstream.ts"

const askName = new URL("./ask-name.ts", import.meta.url).pathname

const scenario = Effect.gen(function* () {
  const network = yield* LinuxNetwork
  const dns = yield* Dns
  startUpstream("127.0.0.53")
  const front = bridge("front", 18)
  const back = bridge("back", 19)
  const inner = bridge("inner", 20, { internal: true })
  yield* network.recover({ bridges: [front, back, inner], namespaces: [], published: [] })
  const start = (id: string, bridges: ReadonlyArray<string>) =>
    network.createNamespace({
      id,
      endpoints: bridges.map((bridgeId, at) => ({ bridgeId, ifName: `eth${at}`, defaultRoute: at === 0 })),
      resolverOn: bridges[0] ?? ""
    })
  const web = yield* start("web", ["front"])
  const app = yield* start("app", ["front", "back"])
  const app2 = yield* start("app2", ["front"])
  const db = yield* start("db", ["back"])
  const vault = yield* start("vault", ["inner"])
  const on = (namespace: Namespace, at: number, ...names: ReadonlyArray<string>) => ({
    containerId: namespace.name,
    ip: namespace.endpoints[at]?.ip ?? "",
    names
  })
  const zone = (networkName: string, gateway: string, internal: boolean) => ({ networkName, gateway, internal })
  yield* dns.setZone("front", {
    ...zone("front", front.gateway, false),
    endpoints: [on(web, 0, "web", "0123456789ab"), on(app, 0, "app", "svc"), on(app2, 0, "app2", "svc")]
  })
  yield* dns.setZone("back", {
    ...zone("back", back.gateway, false),
    endpoints: [on(app, 1, "app"), on(db, 0, "db")]
  })
  yield* dns.setZone("inner", { ...zone("inner", inner.gateway, true), endpoints: [on(vault, 0, "vault")] })
  const ask = (who: string, from: Namespace, question: string) =>
    Effect.map(
      Effect.promise(() => within(from, `${process.execPath} ${askName} ${question}`)),
      (answer) => see(`${who} ${question}: ${answer}`)
    )
  yield* ask("web", web, "udp A app")
  yield* ask("web", web, "tcp A app")
  yield* ask("web", web, "udp A WEB")
  yield* ask("web", web, "udp A 0123456789ab")
  yield* ask("web", web, "udp A app.front")
  yield* ask("web", web, "udp A svc")
  yield* ask("web", web, "udp AAAA app")
  yield* ask("web", web, `udp PTR ${(app.endpoints[0]?.ip ?? "").split(".").toReversed().join(".")}.in-addr.arpa`)
  yield* ask("web", web, "udp A db")
  yield* ask("app", app, "udp A db")
  yield* ask("web", web, "udp A example.test")
  yield* ask("web", web, "udp A many.test")
  yield* ask("web", web, "tcp A example.test")
  yield* ask("vault", vault, "udp A vault")
  yield* ask("vault", vault, "udp A example.test")
  const slow = yield* Effect.promise(() =>
    within(web, "busybox nslookup -type=a app 127.0.0.11 | grep Address: | tail -1")
  )
  see(`busybox: ${slow}`)
  yield* network.removeNamespace(app2)
  yield* dns.setZone("front", { ...zone("front", front.gateway, false), endpoints: [on(web, 0, "web")] })
  yield* ask("web", web, "udp A svc")
})

writeFileSync("/run/resolv.conf", "nameserver 127.0.0.53\n")
await Effect.runPromise(
  Effect.provide(
    scenario,
    Layer.mergeAll(LinuxNetwork.linux({ instance: "abcd12" }), Dns.onGateways({ resolvConf: "/run/resolv.conf" }))
  )
)
process.exit(0)

import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { LinuxNetwork, type WantedNetwork } from "../../../src/network/index.ts"
import { askTcp, bridge, neighbour, see, tcpServer, within } from "./parts.ts"

const points = [
  ...[1, 2, 3, 4].flatMap((nth) => [`network.namespace.before-create:${nth}`, `network.namespace.half-created:${nth}`]),
  "network.namespace.after-create:2",
  "network.bridge.before-create:2",
  "network.bridge.after-create:2",
  "network.connect.before:1",
  "network.connect.after:1",
  "network.firewall.before:3",
  "network.firewall.after:3",
  "network.firewall.after:4",
  "network.namespace.before-remove:2",
  "network.namespace.after-remove:2"
]
const nothing: WantedNetwork = { bridges: [], namespaces: [], published: [] }
const everything = Effect.promise(() =>
  within(undefined, "ip -br link | cut -d' ' -f1 | cut -d@ -f1 | sort; ls /run/netns; nft list ruleset")
)
const workload = (env: Readonly<Record<string, string>>): string => {
  const script = new URL("./workload.ts", import.meta.url).pathname
  const done = spawnSync(process.execPath, [script], { env: { ...process.env, ...env }, encoding: "utf8" })
  return done.signal ?? `exit ${done.status} ${done.stderr}`
}
/** Kills the workload from outside, at a moment nobody chose. */
const killedAfter = (millis: number): void => {
  const script = new URL("./workload.ts", import.meta.url).pathname
  spawnSync(process.execPath, [script], { timeout: millis, killSignal: "SIGKILL" })
}
const recovered = (instance: string, wanted: WantedNetwork) =>
  Effect.provide(
    Effect.flatMap(LinuxNetwork, (network) => network.recover(wanted)),
    LinuxNetwork.linux({ instance })
  )

const sparesOthers = Effect.gen(function* () {
  const kept = bridge("kept", 30)
  const state = yield* Effect.provide(
    Effect.gen(function* () {
      const network = yield* LinuxNetwork
      yield* network.ensureBridge(kept)
      const web = yield* network.createNamespace({
        id: "web",
        endpoints: [{ bridgeId: "kept", ifName: "eth0", defaultRoute: true }]
      })
      const ip = web.endpoints[0]?.ip ?? ""
      const ports = yield* network.publish({ endpointName: "web", endpointId: "e1" }, ip, [
        { proto: "tcp", containerPort: 80, hostPort: 8080 }
      ])
      return { web, ports }
    }),
    LinuxNetwork.linux({ instance: "beef00" })
  )
  yield* Effect.promise(() => tcpServer(state.web, 80, "alive"))
  return { bridges: [kept], namespaces: [state.web], published: [{ endpointId: "e1", ports: state.ports }] }
})

const scenario = Effect.gen(function* () {
  const outside = neighbour()
  yield* Effect.promise(() => within(undefined, "ip link add foreign type bridge; nft add table ip foreign"))
  const wanted = yield* sparesOthers
  const before = yield* everything
  for (const point of points) {
    const end = workload({ SOCKERLESSD_KILLPOINTS: point })
    if (end !== "SIGKILL") see(`${point} was not hit: ${end}`)
    yield* recovered("abcd12", nothing)
    const after = yield* everything
    if (after !== before) see(`${point} left something:\n${after}\ninstead of\n${before}`)
  }
  for (let turn = 0; turn < 8; turn += 1) {
    killedAfter(150 + turn * 25)
    yield* recovered("abcd12", nothing)
    const after = yield* everything
    if (after !== before) see(`a kill after ${150 + turn * 25} ms left something:\n${after}\ninstead of\n${before}`)
  }
  see(`points: ${points.length}`)
  see(`the other daemon's container: ${yield* Effect.promise(() => askTcp(outside, "10.9.0.1:8080"))}`)
  yield* Effect.promise(() => within(undefined, "ip link del sl-kept; nft delete table ip sockerless-beef00"))
  see(`without bridge and rules: ${yield* Effect.promise(() => askTcp(outside, "10.9.0.1:8080"))}`)
  const report = yield* recovered("beef00", wanted)
  see(`recovered ${JSON.stringify(report)}: ${yield* Effect.promise(() => askTcp(outside, "10.9.0.1:8080"))}`)
  const twice = yield* recovered("beef00", wanted)
  see(`again ${JSON.stringify(twice)}`)
  yield* recovered("beef00", nothing)
  see(
    yield* Effect.promise(() =>
      within(undefined, "nft list tables; ls /run/netns; ip -br link show type bridge | cut -d' ' -f1")
    )
  )
})

await Effect.runPromise(scenario)
process.exit(0)

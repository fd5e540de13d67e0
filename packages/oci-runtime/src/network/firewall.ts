/**
 * The firewall of one daemon instance is one table, always written whole in one transaction from the wanted state:
 * there is no half-applied change, and recovery is the same step as any change. Established flows live in conntrack
 * and do not notice. The rules work while the daemon is dead; there is no proxy process.
 */
import { killpoint } from "@sockerless/killpoints"
import { Deferred, Effect } from "effect"
import type { Bridge } from "./bridges.ts"
import { runNft } from "./command.ts"
import type { NetworkFailed } from "./faults.ts"

/** One published port as the firewall knows it. */
export interface PublishedPort {
  readonly proto: "tcp" | "udp"
  readonly hostIp: string
  readonly hostPort: number
  readonly containerIp: string
  readonly containerPort: number
}

/** Everything the table is made from. */
export interface FirewallState {
  readonly bridges: ReadonlyArray<Bridge>
  readonly ports: ReadonlyArray<PublishedPort>
}

const elements = (rows: ReadonlyArray<string>): string =>
  rows.length === 0 ? "" : `    elements = { ${[...new Set(rows)].join(", ")} }\n`

const forwardRules = (bridge: Bridge): ReadonlyArray<string> => {
  const name = `"${bridge.name}"`
  return [
    ...(bridge.internal ? [`iifname ${name} oifname != ${name} drop`, `oifname ${name} iifname != ${name} drop`] : []),
    bridge.icc
      ? `iifname ${name} oifname ${name} accept`
      : `iifname ${name} oifname ${name} ct state new ct status & dnat == 0 drop`
  ]
}

const postroutingRules = (bridge: Bridge): ReadonlyArray<string> => {
  const name = `"${bridge.name}"`
  return [
    // Host-local clients of 127.0.0.1:port, and containers reaching a neighbour by the host's address: the answer must
    // come back through the host to be translated.
    `oifname ${name} ip saddr 127.0.0.0/8 masquerade`,
    `oifname ${name} ip saddr ${bridge.subnet} ct status dnat masquerade`,
    ...(bridge.masquerade && !bridge.internal ? [`oifname != ${name} ip saddr ${bridge.subnet} masquerade`] : [])
  ]
}

const mapPorts = (ports: ReadonlyArray<PublishedPort>): string => {
  const anywhere = ports
    .filter((port) => port.hostIp === "0.0.0.0")
    .map((port) => `${port.proto} . ${port.hostPort} : ${port.containerIp} . ${port.containerPort}`)
  const somewhere = ports
    .filter((port) => port.hostIp !== "0.0.0.0")
    .map((port) => `${port.hostIp} . ${port.proto} . ${port.hostPort} : ${port.containerIp} . ${port.containerPort}`)
  return `  map anywhere {
    type inet_proto . inet_service : ipv4_addr . inet_service
${elements(anywhere)}  }
  map somewhere {
    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
${elements(somewhere)}  }
`
}

/** Writes the transaction that makes the table equal to the state. */
export const renderTable = (table: string, state: FirewallState): string => {
  const translate = `    dnat ip to ip daddr . meta l4proto . th dport map @somewhere
    fib daddr type local dnat ip to meta l4proto . th dport map @anywhere`
  const lines = (rules: ReadonlyArray<string>) => rules.map((rule) => `    ${rule}`).join("\n")
  const clean = `table ip ${table} {}\ndelete table ip ${table}\n`
  if (state.bridges.length === 0) return clean
  return `${clean}table ip ${table} {
  set bridges {
    type ifname
${elements(state.bridges.map((bridge) => `"${bridge.name}"`))}  }
${mapPorts(state.ports)}  chain martian {
    type filter hook prerouting priority raw; policy accept;
    iifname @bridges ip daddr 127.0.0.0/8 drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr 127.0.0.0/8 return
${translate}
  }
  chain output {
    type nat hook output priority -100; policy accept;
${translate}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
${lines(state.bridges.flatMap(postroutingRules))}
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
${lines(state.bridges.flatMap(forwardRules))}
    oifname @bridges ct state established,related accept
    oifname @bridges ct status dnat accept
    oifname @bridges iifname != @bridges drop
    oifname @bridges iifname @bridges drop
  }
}
`
}

/** Brings the kernel's table to the wanted state; changes that arrive while one is being written share the next one. */
export interface Firewall {
  readonly apply: Effect.Effect<void, NetworkFailed>
}

/** Makes the writer of one table; `wanted` is read when a transaction is written. */
export const makeFirewall = (table: string, wanted: () => FirewallState): Firewall => {
  let running = false
  let waiting: Deferred.Deferred<void, NetworkFailed> | undefined
  const write: Effect.Effect<void, NetworkFailed> = Effect.suspend(() => {
    killpoint("network.firewall.before")
    return Effect.tap(runNft(renderTable(table, wanted())), () =>
      Effect.sync(() => killpoint("network.firewall.after"))
    )
  })
  const drain: Effect.Effect<void> = Effect.gen(function* () {
    while (waiting !== undefined) {
      const turn = waiting
      waiting = undefined
      yield* Deferred.done(turn, yield* Effect.exit(write))
    }
    running = false
  })
  const apply = Effect.gen(function* () {
    waiting ??= yield* Deferred.make<void, NetworkFailed>()
    const mine = waiting
    if (!running) {
      running = true
      yield* Effect.forkDetach(drain)
    }
    return yield* Deferred.await(mine)
  })
  return { apply }
}

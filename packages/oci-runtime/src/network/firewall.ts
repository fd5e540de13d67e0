/**
 * The firewall of one daemon instance is one table, written in one transaction per change from the wanted state,
 * whole at recovery and whenever bridges change: nothing is half-applied, and recovery is the same step as any change.
 * Established flows live in conntrack and do not notice. The rules work while the daemon is dead; there is no proxy
 * process.
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

interface PortRows {
  readonly anywhere: ReadonlyArray<string>
  readonly somewhere: ReadonlyArray<string>
}

const rowsOf = (ports: ReadonlyArray<PublishedPort>): PortRows => {
  const target = (port: PublishedPort) =>
    `${port.proto} . ${port.hostPort} : ${port.containerIp} . ${port.containerPort}`
  return {
    anywhere: ports.filter((port) => port.hostIp === "0.0.0.0").map(target),
    somewhere: ports.filter((port) => port.hostIp !== "0.0.0.0").map((port) => `${port.hostIp} . ${target(port)}`)
  }
}

const mapPorts = ({ anywhere, somewhere }: PortRows): string => `  map anywhere {
    type inet_proto . inet_service : ipv4_addr . inet_service
${elements(anywhere)}  }
  map somewhere {
    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
${elements(somewhere)}  }
`

/**
 * Writes the transaction that changes the ports alone, in a table whose bridges stand. Removing anything makes the
 * kernel wait for all its readers (some 20 ms), so a start must only add.
 */
export const renderPorts = (
  table: string,
  before: ReadonlyArray<PublishedPort>,
  after: ReadonlyArray<PublishedPort>
): string => {
  const was = rowsOf(before)
  const will = rowsOf(after)
  const change = (verb: string, map: string, rows: ReadonlyArray<string>, other: ReadonlyArray<string>): string => {
    const known = new Set(other)
    const content = [...new Set(rows)].filter((row) => !known.has(row))
    return content.length === 0 ? "" : `${verb} element ip ${table} ${map} { ${content.join(", ")} }\n`
  }
  return [
    change("delete", "anywhere", was.anywhere, will.anywhere),
    change("delete", "somewhere", was.somewhere, will.somewhere),
    change("add", "anywhere", will.anywhere, was.anywhere),
    change("add", "somewhere", will.somewhere, was.somewhere)
  ].join("")
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
${mapPorts(rowsOf(state.ports))}  chain martian {
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
  /** As `apply`, trusting nothing that stands. */
  readonly rewrite: Effect.Effect<void, NetworkFailed>
}

/** Makes the writer of one table; `wanted` is read when a transaction is written. */
export const makeFirewall = (table: string, wanted: () => FirewallState): Firewall => {
  let running = false
  let waiting: Deferred.Deferred<void, NetworkFailed> | undefined
  let standing: { readonly bridges: string; readonly ports: ReadonlyArray<PublishedPort> } | undefined
  const write: Effect.Effect<void, NetworkFailed> = Effect.gen(function* () {
    killpoint("network.firewall.before")
    const state = wanted()
    const bridges = JSON.stringify(state.bridges)
    const whole = runNft(renderTable(table, state))
    const change =
      standing?.bridges === bridges && state.bridges.length > 0
        ? renderPorts(table, standing.ports, state.ports)
        : undefined
    // A table that somebody else removed or changed is written whole again.
    if (change === undefined) yield* whole
    else if (change !== "") yield* runNft(change).pipe(Effect.catch(() => whole))
    standing = { bridges, ports: state.ports }
    killpoint("network.firewall.after")
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
  const forget = Effect.sync(() => {
    standing = undefined
  })
  return { apply, rewrite: Effect.andThen(forget, apply) }
}

import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { runIpBatch, runTool } from "./command.ts"
import { NetworkFailed } from "./faults.ts"
import { macOf } from "./ipv4.ts"
import type { Names } from "./names.ts"
import type { Subnet } from "./subnets.ts"

/** One bridge network on this machine; `name` is its interface. */
export interface Bridge extends Subnet {
  readonly id: string
  readonly name: string
  /** No way out of the machine and no way in. */
  readonly internal: boolean
  readonly mtu: number
  readonly masquerade: boolean
  /** Whether its containers may talk to each other. */
  readonly icc: boolean
}

/** An interface that carries our device group. */
export interface OwnLink {
  readonly name: string
  readonly kind: string
}

/** Writes a kernel setting; one that already has the value is left alone, so that a read-only /proc is no obstacle. */
export const setKernel = (path: string, value: string): Effect.Effect<void, NetworkFailed> =>
  Effect.try({
    try: () => {
      const file = `/proc/sys/${path}`
      if (readFileSync(file, "utf8").trim() !== value) writeFileSync(file, value)
    },
    catch: (cause) => new NetworkFailed({ step: `set ${path} to ${value}`, reason: String(cause) })
  })

const textOf = (row: object, key: string): string => {
  const value: unknown = Reflect.get(row, key)
  return typeof value === "string" ? value : ""
}

const readLinks = (args: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<OwnLink>, NetworkFailed> =>
  Effect.map(runTool(["ip", "-j", "-d", "link", "show", ...args]), (json) => {
    const rows: unknown = JSON.parse(json === "" ? "[]" : json)
    if (!Array.isArray(rows)) return []
    return rows.flatMap((row: unknown) => {
      if (typeof row !== "object" || row === null || !("ifname" in row)) return []
      const info = "linkinfo" in row && typeof row.linkinfo === "object" && row.linkinfo !== null ? row.linkinfo : {}
      return [{ name: textOf(row, "ifname"), kind: textOf(info, "info_kind") }]
    })
  })

/** Every interface of this instance in the machine's namespace. */
export const ownLinks = (names: Names): Effect.Effect<ReadonlyArray<OwnLink>, NetworkFailed> =>
  readLinks(["group", String(names.deviceGroup)])

const prefixOf = (bridge: Bridge): string => bridge.subnet.split("/")[1] ?? "16"

/**
 * Makes bridges exist with their addresses and settings, `own` being those of ours that do, and runs `more` in the same
 * process. Idempotent; a foreign interface of a bridge's name is refused.
 */
export const raiseBridges = (
  names: Names,
  bridges: ReadonlyArray<Bridge>,
  own: ReadonlySet<string>,
  more: ReadonlyArray<string> = []
): Effect.Effect<void, NetworkFailed> =>
  Effect.gen(function* () {
    const missing = bridges.filter((bridge) => !own.has(bridge.name))
    const present = new Set(missing.length === 0 ? [] : (yield* readLinks([])).map((link) => link.name))
    const foreign = missing.find((bridge) => present.has(bridge.name))
    if (foreign !== undefined)
      return yield* new NetworkFailed({
        step: `create bridge ${foreign.name}`,
        reason: "an interface of that name exists and is not ours; choose another bridge name"
      })
    killpoint("network.bridge.before-create")
    yield* runIpBatch([
      ...bridges.flatMap((bridge) => [
        ...(own.has(bridge.name)
          ? []
          : [`link add name ${bridge.name} address ${macOf(bridge.gateway)} group ${names.deviceGroup} type bridge`]),
        `link set dev ${bridge.name} mtu ${bridge.mtu}`,
        `addr replace ${bridge.gateway}/${prefixOf(bridge)} brd + dev ${bridge.name}`,
        `link set dev ${bridge.name} up`
      ]),
      ...more
    ])
    killpoint("network.bridge.after-create")
    if (bridges.length > 0) yield* setKernel("net/ipv4/ip_forward", "1")
    // Host-local clients of 127.0.0.1:port leave through the bridge with a loopback source until masqueraded.
    for (const bridge of bridges) yield* setKernel(`net/ipv4/conf/${bridge.name}/route_localnet`, "1")
  })

/** As `raiseBridges` for one, looking for itself what is there. */
export const raiseBridge = (names: Names, bridge: Bridge): Effect.Effect<void, NetworkFailed> =>
  Effect.flatMap(ownLinks(names), (links) => raiseBridges(names, [bridge], new Set(links.map((link) => link.name))))

/** Removes interfaces; absent ones are fine. */
export const dropLinks = (links: ReadonlyArray<string>): Effect.Effect<void, NetworkFailed> =>
  runIpBatch(
    links.map((link) => `link del dev ${link}`),
    true
  )

import { Effect } from "effect"
import { runTool } from "./command.ts"
import { AddressRefused, type NetworkFailed } from "./faults.ts"
import { type Block, contains, formatAddress, formatBlock, lastOf, overlaps, parseAddress, parseBlock } from "./ipv4.ts"

/** What the user asked of a network's addresses; all optional, as in Docker's IPAM config. */
export interface SubnetRequest {
  readonly subnet?: string
  readonly gateway?: string
  readonly ipRange?: string
  readonly auxAddresses?: Readonly<Record<string, string>>
}

/** A settled address plan of one network. */
export interface Subnet {
  readonly subnet: string
  readonly gateway: string
  readonly ipRange?: string
  readonly auxAddresses: Readonly<Record<string, string>>
}

/** Docker's default pools: 172.17–172.31 as /16, then 192.168 in /20 (libnetwork/ipamutils). */
const defaultPools: ReadonlyArray<Block> = [
  ...Array.from({ length: 15 }, (_, at) => ({ first: ((172 << 24) >>> 0) + ((17 + at) << 16), prefix: 16 })),
  ...Array.from({ length: 16 }, (_, at) => ({ first: ((192 << 24) >>> 0) + (168 << 16) + (at << 12), prefix: 20 }))
]

const blocksIn = (json: string): ReadonlyArray<Block> => {
  const rows: unknown = JSON.parse(json)
  if (!Array.isArray(rows)) return []
  return rows.flatMap((row: unknown) => {
    if (typeof row !== "object" || row === null || !("dst" in row) || typeof row.dst !== "string") return []
    const block = parseBlock(row.dst.includes("/") ? row.dst : `${row.dst}/32`)
    return block === undefined ? [] : [block]
  })
}

/** The blocks the machine's own routes already use, in `a.b.c.d/n` form. */
export const hostSubnets: Effect.Effect<ReadonlyArray<string>, NetworkFailed> = Effect.map(
  runTool(["ip", "-j", "-4", "route", "show"]),
  (json) => blocksIn(json).map(formatBlock)
)

const invalid = (text: string) => new AddressRefused({ kind: "invalid", text })

const settle = (block: Block, request: SubnetRequest): Effect.Effect<Subnet, AddressRefused> =>
  Effect.gen(function* () {
    const range = request.ipRange === undefined ? undefined : parseBlock(request.ipRange)
    if (request.ipRange !== undefined && range === undefined)
      return yield* invalid(`invalid ip-range ${request.ipRange}: not a CIDR block`)
    if (range !== undefined && (!contains(block, range.first) || !contains(block, lastOf(range))))
      return yield* invalid(`no configured subnet contains ip-range ${request.ipRange ?? ""}`)
    for (const [what, address] of [["gateway", request.gateway], ...Object.entries(request.auxAddresses ?? {})]) {
      if (address === undefined) continue
      const number = parseAddress(address)
      if (number === undefined) return yield* invalid(`invalid ${what} address ${address}`)
      if (!contains(block, number)) return yield* invalid(`no configured subnet contains ${what} ${address}`)
    }
    if (block.prefix > 30) return yield* invalid(`invalid subnet ${formatBlock(block)}: too small for a bridge`)
    return {
      subnet: formatBlock(block),
      gateway:
        request.gateway ?? formatAddress((range ?? block).first + (range && range.first !== block.first ? 0 : 1)),
      auxAddresses: request.auxAddresses ?? {},
      ...(request.ipRange === undefined ? {} : { ipRange: request.ipRange })
    }
  })

/**
 * Chooses or checks a network's subnet against the other networks and the machine's routes. Fails as Docker does when
 * the asked one overlaps another network or no default pool is left.
 */
export const planSubnet = (
  request: SubnetRequest,
  taken: { readonly networks: ReadonlyArray<string>; readonly host: ReadonlyArray<string> }
): Effect.Effect<Subnet, AddressRefused> =>
  Effect.gen(function* () {
    const blocks = (texts: ReadonlyArray<string>) => texts.flatMap((text) => parseBlock(text) ?? [])
    const networks = blocks(taken.networks)
    if (request.subnet !== undefined) {
      const block = parseBlock(request.subnet)
      if (block === undefined) {
        return request.subnet.includes(":")
          ? yield* new AddressRefused({
              kind: "not-implemented",
              text: `IPv6 subnet ${request.subnet} is not supported by the local bridge; give an IPv4 subnet`
            })
          : yield* invalid(`invalid subnet ${request.subnet}: invalid CIDR block notation`)
      }
      if (networks.some((other) => overlaps(block, other)))
        return yield* new AddressRefused({
          kind: "forbidden",
          text: "Pool overlaps with other one on this address space"
        })
      return yield* settle(block, request)
    }
    if (request.ipRange !== undefined || request.gateway !== undefined)
      return yield* invalid("user specified gateway or ip-range needs a user specified subnet")
    const used = [...networks, ...blocks(taken.host)]
    const free = defaultPools.find((pool) => !used.some((other) => overlaps(pool, other)))
    if (free === undefined)
      return yield* new AddressRefused({
        kind: "not-found",
        text: "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"
      })
    return yield* settle(free, request)
  })

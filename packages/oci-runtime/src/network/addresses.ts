import { Effect } from "effect"
import { AddressRefused } from "./faults.ts"
import { contains, formatAddress, lastOf, parseAddress, parseBlock } from "./ipv4.ts"
import type { Subnet } from "./subnets.ts"

/** The addresses in use on each network, kept in memory and rebuilt from the endpoints at recovery. */
export interface Addresses {
  /** Takes the asked address, or the lowest free one of the network. */
  readonly allocate: (networkId: string, wanted?: string) => Effect.Effect<string, AddressRefused>
  /** Gives an address back; one that is not taken is fine. */
  readonly release: (networkId: string, ip: string) => void
  /** Makes a network known, or forgets the addresses of one that changed. */
  readonly open: (networkId: string, plan: Subnet) => void
  /** Forgets a network. */
  readonly close: (networkId: string) => void
}

const reservedOf = (plan: Subnet): Set<string> => new Set([plan.gateway, ...Object.values(plan.auxAddresses)])

/** Makes an empty book of addresses. */
export const makeAddresses = (): Addresses => {
  const books = new Map<string, { readonly plan: Subnet; readonly used: Set<string> }>()
  const allocate = (networkId: string, wanted?: string): Effect.Effect<string, AddressRefused> =>
    Effect.suspend(() => {
      const refuse = (kind: "invalid" | "forbidden" | "not-found", text: string) =>
        Effect.fail(new AddressRefused({ kind, text }))
      const book = books.get(networkId)
      const block = book && parseBlock(book.plan.subnet)
      if (book === undefined || block === undefined) return refuse("not-found", `network ${networkId} not found`)
      if (wanted !== undefined) {
        const address = parseAddress(wanted)
        if (address === undefined || !contains(block, address))
          return refuse("invalid", `no configured subnet contains IP address ${wanted}`)
        if (book.used.has(wanted)) return refuse("forbidden", "Address already in use")
        book.used.add(wanted)
        return Effect.succeed(wanted)
      }
      const range = (book.plan.ipRange === undefined ? undefined : parseBlock(book.plan.ipRange)) ?? block
      for (let address = range.first; address <= lastOf(range); address += 1) {
        if (address === block.first || address === lastOf(block)) continue
        const ip = formatAddress(address)
        if (book.used.has(ip)) continue
        book.used.add(ip)
        return Effect.succeed(ip)
      }
      return refuse("forbidden", `no available IPv4 addresses on this network's address pools: ${networkId}`)
    })
  return {
    allocate,
    release: (networkId, ip) => {
      const book = books.get(networkId)
      if (book !== undefined && !reservedOf(book.plan).has(ip)) book.used.delete(ip)
    },
    open: (networkId, plan) => {
      const known = books.get(networkId)
      if (known?.plan.subnet === plan.subnet && known.plan.gateway === plan.gateway) return
      books.set(networkId, { plan, used: reservedOf(plan) })
    },
    close: (networkId) => {
      books.delete(networkId)
    }
  }
}

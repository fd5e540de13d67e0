/** A block of IPv4 addresses: `first` is its network address as an unsigned number. */
export interface Block {
  readonly first: number
  readonly prefix: number
}

/** Reads dotted decimal; undefined for anything else. */
export const parseAddress = (text: string): number | undefined => {
  const parts = text.split(".")
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

/** Writes an unsigned number as dotted decimal. */
export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".")

const sizeOf = (block: Block): number => 2 ** (32 - block.prefix)

/** The last address of a block (its broadcast address). */
export const lastOf = (block: Block): number => block.first + sizeOf(block) - 1

/** Reads `a.b.c.d/n`, cutting host bits; undefined for anything else. */
export const parseBlock = (text: string): Block | undefined => {
  const [address = "", bits = ""] = text.split("/")
  const first = parseAddress(address)
  if (first === undefined || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined
  const size = 2 ** (32 - Number(bits))
  return { first: first - (first % size), prefix: Number(bits) }
}

/** Writes a block as `a.b.c.d/n`. */
export const formatBlock = (block: Block): string => `${formatAddress(block.first)}/${block.prefix}`

/** Whether the address lies in the block. */
export const contains = (block: Block, address: number): boolean => address >= block.first && address <= lastOf(block)

/** Whether two blocks share an address. */
export const overlaps = (one: Block, other: Block): boolean => one.first <= lastOf(other) && other.first <= lastOf(one)

/** The hardware address Docker derives from an IPv4 address: `02:42:` and its four bytes. */
export const macOf = (ip: string): string =>
  ["02", "42", ...ip.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(":")

/** The prefixes of GitHub's node ids, by noun. */
export type NodePrefix =
  | "U" // user
  | "O" // organization
  | "BOT"
  | "T" // team
  | "R" // repository
  | "REF"
  | "LA" // label
  | "MI" // milestone
  | "I" // issue
  | "PR" // pull request
  | "IC" // issue comment
  | "PRR" // review
  | "PRRC" // review comment
  | "PRRT" // review thread
  | "RE" // release
  | "RA" // release asset
  | "CS" // check suite
  | "CR" // check run
  | "SC" // status context
  | "G" // gist
  | "REA" // reaction
  | "EV" // event of a timeline
  | "BPR" // branch protection rule
  | "RRS" // ruleset
  | "A" // app
  | "C" // commit
  | "B" // blob

// A msgpack array of the version 0 and an unsigned number of 32 bits, as GitHub's own are.
const HEAD = [0x92, 0x00, 0xce]

/** The global id of a row, the same in REST and GraphQL. */
export const nodeId = (prefix: NodePrefix, id: number): string => {
  const bytes = Buffer.alloc(HEAD.length + 4)
  bytes.set(HEAD)
  bytes.writeUInt32BE(id, HEAD.length)
  return `${prefix}_${bytes.toString("base64url")}`
}

/** The prefix and number of a global id, or undefined for a text that is none. */
export const parseNodeId = (text: string): { readonly prefix: string; readonly id: number } | undefined => {
  const found = /^([A-Z]+)_([\w-]+)$/.exec(text)
  if (found === null) return undefined
  const [, prefix = "", encoded = ""] = found
  const bytes = Buffer.from(encoded, "base64url")
  if (bytes.length !== HEAD.length + 4 || !HEAD.every((byte, at) => bytes[at] === byte)) return undefined
  return { prefix, id: bytes.readUInt32BE(HEAD.length) }
}

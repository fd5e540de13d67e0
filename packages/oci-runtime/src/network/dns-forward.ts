import { createSocket } from "node:dgram"
import { connect, isIP } from "node:net"

/** How long one upstream may take; a resolver library asks again after five seconds. */
const UPSTREAM_MILLIS = 2000

/** As many servers of resolv.conf as the resolver library uses. */
const UPSTREAMS_AT_MOST = 3

/** Reads the name servers of a resolv.conf. */
export const nameServersIn = (resolvConf: string): ReadonlyArray<string> =>
  resolvConf
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([key, address]) => (key === "nameserver" && address !== undefined ? [address] : []))

const askUdp = (query: Buffer, server: string): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const socket = createSocket(isIP(server) === 6 ? "udp6" : "udp4")
    let open = true
    const end = (answer: Buffer | undefined): void => {
      clearTimeout(timer)
      if (!open) return
      open = false
      socket.close()
      resolve(answer)
    }
    const timer = setTimeout(() => end(undefined), UPSTREAM_MILLIS)
    socket.on("error", () => end(undefined))
    socket.on("message", (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0)) end(answer)
    })
    socket.connect(53, server, (error?: Error) => {
      if (error !== undefined && error !== null) end(undefined)
      else if (open) socket.send(query)
    })
  })

/** Takes whole messages out of a TCP stream of length-prefixed ones; gives what is left over. */
export const takeMessages = (bytes: Buffer, each: (message: Buffer) => void): Buffer => {
  let rest = bytes
  while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
    const end = 2 + rest.readUInt16BE(0)
    each(rest.subarray(2, end))
    rest = rest.subarray(end)
  }
  return rest
}

/** Prefixes a message with its length, as TCP wants it. */
export const lengthPrefixed = (message: Buffer): Buffer => {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(message.length)
  return Buffer.concat([head, message])
}

const askTcp = (query: Buffer, server: string): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host: server, port: 53 })
    const end = (answer: Buffer | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end(undefined), UPSTREAM_MILLIS)
    let pending: Buffer = Buffer.alloc(0)
    socket.on("error", () => end(undefined))
    socket.on("close", () => end(undefined))
    socket.on("data", (chunk: Buffer) => {
      pending = takeMessages(Buffer.concat([pending, chunk]), end)
    })
    socket.write(lengthPrefixed(query))
  })

const truncated = (answer: Buffer): boolean => ((answer[2] ?? 0) & 0x02) !== 0
const SERVER_FAILURE = 2

/**
 * Asks the servers in turn and gives the first answer that is not a failure, else undefined. A truncated answer is
 * asked again over TCP; whether the asker can take the long one is the caller's to see.
 */
export const forward = async (
  query: Buffer,
  servers: ReadonlyArray<string>,
  transport: "udp" | "tcp"
): Promise<Buffer | undefined> => {
  let failure: Buffer | undefined
  for (const server of servers.filter((address) => isIP(address) !== 0).slice(0, UPSTREAMS_AT_MOST)) {
    const first = await (transport === "tcp" ? askTcp : askUdp)(query, server)
    const answer =
      first !== undefined && transport === "udp" && truncated(first) ? ((await askTcp(query, server)) ?? first) : first
    if (answer === undefined) continue
    if (((answer[3] ?? 0) & 0x0f) !== SERVER_FAILURE) return answer
    failure = answer
  }
  return failure
}

/**
 * The resolver of user-defined networks: one UDP and one TCP listener per bridge gateway, to which each container's
 * namespace sends what is meant for 127.0.0.11. Nothing here is durable: after a crash the zones are set again and the
 * listeners bind again; meanwhile resolver libraries in the containers retry.
 */
import { type Answer, decode, encode, type Packet, type Question } from "dns-packet"
import { Context, Effect, Layer } from "effect"
import { createSocket, type Socket as UdpSocket } from "node:dgram"
import { readFile } from "node:fs/promises"
import { createServer, type Server, type Socket } from "node:net"
import { forward, lengthPrefixed, nameServersIn, takeMessages } from "./dns-forward.ts"
import { type DnsZone, judge } from "./dns-zones.ts"
import { NetworkFailed } from "./faults.ts"

/** Docker's embedded resolver gives its records ten minutes. */
const TTL_SECONDS = 600
/** Questions being forwarded at one time; more are answered with a failure. */
const FORWARDS_AT_MOST = 1024
const TCP_IDLE_MILLIS = 10_000
const UDP_ANSWER_BYTES = 512
const RECURSION_AVAILABLE = 0x80
const SERVFAIL = 2

/** Answers names of containers. */
export class Dns extends Context.Service<
  Dns,
  {
    /** Sets all names of a network and listens on its gateway, whose bridge must be up. Idempotent. */
    readonly setZone: (networkId: string, zone: DnsZone) => Effect.Effect<void, NetworkFailed>
    /** Forgets a network and stops listening on it. Idempotent. */
    readonly removeZone: (networkId: string) => Effect.Effect<void>
  }
>()("@sockerless/oci-runtime/Dns") {
  /** Listens on `port` (53 unless told) of the gateways and forwards to the servers of `resolvConf`. */
  static readonly onGateways = (
    options: { readonly port?: number; readonly resolvConf?: string } = {}
  ): Layer.Layer<Dns> => Layer.effect(Dns, makeDns(options.port ?? 53, options.resolvConf ?? "/etc/resolv.conf"))
}

interface Listener {
  readonly gateway: string
  readonly udp: UdpSocket
  readonly tcp: Server
}

const reply = (query: Packet, answers: ReadonlyArray<Answer>, code = 0): Buffer =>
  encode({
    type: "response",
    id: query.id ?? 0,
    flags: RECURSION_AVAILABLE | ((query.flags ?? 0) & 0x100) | code,
    questions: query.questions ?? [],
    answers: [...answers]
  })

const listenUdp = (gateway: string, port: number, onQuery: (query: Buffer, from: string, port: number) => void) =>
  Effect.callback<UdpSocket, NetworkFailed>((resume) => {
    const socket = createSocket("udp4", (message, from) => onQuery(message, from.address, from.port))
    socket.once("error", (error) => {
      socket.close()
      resume(
        Effect.fail(new NetworkFailed({ step: `listen for names on ${gateway}:${port}/udp`, reason: error.message }))
      )
    })
    socket.bind({ address: gateway, port, exclusive: true }, () => {
      // A datagram that cannot be delivered is the asker's to repeat.
      socket.removeAllListeners("error").on("error", () => undefined)
      resume(Effect.succeed(socket))
    })
  })

const listenTcp = (gateway: string, port: number, onConnection: (socket: Socket) => void) =>
  Effect.callback<Server, NetworkFailed>((resume) => {
    const server = createServer(onConnection)
    server.maxConnections = 256
    server.once("error", (error) =>
      resume(
        Effect.fail(new NetworkFailed({ step: `listen for names on ${gateway}:${port}/tcp`, reason: error.message }))
      )
    )
    server.listen({ host: gateway, port, exclusive: true }, () => resume(Effect.succeed(server)))
  })

const closeListener = (listener: Listener): Effect.Effect<void> =>
  Effect.sync(() => {
    listener.udp.close()
    listener.tcp.close()
  })

const makeAnswering = (zones: ReadonlyMap<string, DnsZone>, resolvConf: string) => {
  let turn = 0
  let forwards = 0
  const rotated = (addresses: ReadonlyArray<string>): ReadonlyArray<string> => {
    turn += 1
    const at = turn % addresses.length
    return [...addresses.slice(at), ...addresses.slice(0, at)]
  }
  const pass = async (query: Packet, raw: Buffer, upstreams: ReadonlyArray<string>, transport: "udp" | "tcp") => {
    if (forwards >= FORWARDS_AT_MOST) return reply(query, [], SERVFAIL)
    forwards += 1
    try {
      const servers =
        upstreams.length > 0 ? upstreams : nameServersIn(await readFile(resolvConf, "utf8").catch(() => ""))
      return (await forward(raw, servers, transport)) ?? reply(query, [], SERVFAIL)
    } finally {
      forwards -= 1
    }
  }
  const local = (query: Packet, question: Question, addresses: ReadonlyArray<string>): Buffer =>
    reply(
      query,
      rotated(addresses).map((data) => ({ type: "A", name: question.name, ttl: TTL_SECONDS, data }))
    )
  return (networkId: string, raw: Buffer, from: string, transport: "udp" | "tcp"): Promise<Buffer> | undefined => {
    const on = zones.get(networkId)
    const query = decodeQuery(raw)
    const question = query?.questions?.[0]
    if (on === undefined || query === undefined || question === undefined) return undefined
    const verdict = judge([...zones.values()], { on, from }, { name: question.name, type: question.type })
    switch (verdict.do) {
      case "addresses":
        return Promise.resolve(local(query, question, verdict.addresses))
      case "pointer":
        return Promise.resolve(
          reply(query, [{ type: "PTR", name: question.name, ttl: TTL_SECONDS, data: verdict.name }])
        )
      case "empty":
        return Promise.resolve(reply(query, []))
      case "fail":
        return Promise.resolve(reply(query, [], SERVFAIL))
      case "forward":
        return pass(query, raw, verdict.upstreams, transport)
    }
  }
}

/** A datagram that is no question is dropped, as any resolver does. */
const decodeQuery = (raw: Buffer): Packet | undefined => {
  if (raw.length < 12) return undefined
  try {
    const packet = decode(raw)
    return packet.type === "query" ? packet : undefined
  } catch {
    return undefined
  }
}

/** The longest answer this asker takes by UDP: what its EDNS record says, else 512 bytes. */
const roomOf = (raw: Buffer): number => {
  const edns = decodeQuery(raw)?.additionals?.find((record) => record.type === "OPT")
  return edns !== undefined && "udpPayloadSize" in edns
    ? Math.max(UDP_ANSWER_BYTES, edns.udpPayloadSize)
    : UDP_ANSWER_BYTES
}

/** The answer, or its header with the truncation mark, which makes the asker come back over TCP. */
const fitted = (answer: Buffer, raw: Buffer): Buffer => {
  if (answer.length <= roomOf(raw)) return answer
  const query = decodeQuery(raw)
  return query === undefined ? answer : reply(query, [], 0x200)
}

const makeDns = Effect.fnUntraced(function* (port: number, resolvConf: string) {
  const zones = new Map<string, DnsZone>()
  const listeners = new Map<string, Listener>()
  const answer = makeAnswering(zones, resolvConf)
  yield* Effect.addFinalizer(() => Effect.forEach(listeners.values(), closeListener, { discard: true }))
  const serveTcp = (networkId: string, socket: Socket): void => {
    let pending: Buffer = Buffer.alloc(0)
    socket.setTimeout(TCP_IDLE_MILLIS, () => socket.destroy())
    socket.on("error", () => socket.destroy())
    socket.on("data", (chunk: Buffer) => {
      pending = takeMessages(Buffer.concat([pending, chunk]), (raw) => {
        void answer(networkId, raw, socket.remoteAddress ?? "", "tcp")?.then((bytes) =>
          socket.writable ? socket.write(lengthPrefixed(bytes)) : undefined
        )
      })
    })
  }
  const listen = Effect.fnUntraced(function* (networkId: string, gateway: string) {
    const udp: UdpSocket = yield* listenUdp(gateway, port, (raw, from, fromPort) => {
      void answer(networkId, raw, from, "udp")?.then((bytes) => udp.send(fitted(bytes, raw), fromPort, from))
    })
    const tcp = yield* listenTcp(gateway, port, (socket) => serveTcp(networkId, socket)).pipe(
      Effect.onError(() => Effect.sync(() => udp.close()))
    )
    return { gateway, udp, tcp }
  })
  const drop = (networkId: string): Effect.Effect<void> => {
    const listener = listeners.get(networkId)
    listeners.delete(networkId)
    return listener === undefined ? Effect.void : closeListener(listener)
  }
  return Dns.of({
    setZone: Effect.fnUntraced(function* (networkId: string, zone: DnsZone) {
      zones.set(networkId, zone)
      if (listeners.get(networkId)?.gateway === zone.gateway) return
      yield* drop(networkId)
      listeners.set(networkId, yield* listen(networkId, zone.gateway))
    }),
    removeZone: (networkId) =>
      Effect.suspend(() => {
        zones.delete(networkId)
        return drop(networkId)
      })
  })
})

import { Effect } from "effect"
import { randomInt } from "node:crypto"
import { createSocket } from "node:dgram"
import { readFileSync } from "node:fs"
import { createServer } from "node:net"
import { PortRefused } from "./faults.ts"
import type { PublishedPort } from "./firewall.ts"

/** A port to publish. Without `hostPort` an ephemeral one is chosen; with `hostPortEnd` the first free of the range. */
export interface PortRequest {
  readonly proto: "tcp" | "udp"
  readonly containerPort: number
  readonly hostIp?: string
  readonly hostPort?: number
  readonly hostPortEnd?: number
}

/** Whom a port belongs to; the names appear in Docker's error text. */
export interface PortOwner {
  readonly endpointName: string
  readonly endpointId: string
}

/** The host ports in use by us. A booking is made before the trial bind, so that two starts cannot get the same one. */
export interface HostPorts {
  readonly book: (
    owner: PortOwner,
    containerIp: string,
    requests: ReadonlyArray<PortRequest>
  ) => Effect.Effect<ReadonlyArray<PublishedPort>, PortRefused>
  readonly release: (ports: ReadonlyArray<PublishedPort>) => void
  readonly restore: (ports: ReadonlyArray<PublishedPort>) => void
}

type Verdict = "free" | "allocated" | "in use" | { readonly unbindable: string }

const tryTcp = (hostIp: string, port: number): Effect.Effect<Verdict> =>
  Effect.callback<Verdict>((resume) => {
    const server = createServer()
    server.once("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.succeed(error.code === "EADDRINUSE" ? "in use" : { unbindable: error.message }))
    )
    server.listen({ host: hostIp, port, exclusive: true }, () =>
      server.close(() => resume(Effect.succeed<Verdict>("free")))
    )
  })

const tryUdp = (hostIp: string, port: number): Effect.Effect<Verdict> =>
  Effect.callback<Verdict>((resume) => {
    const socket = createSocket("udp4")
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close()
      resume(Effect.succeed(error.code === "EADDRINUSE" ? "in use" : { unbindable: error.message }))
    })
    socket.bind({ address: hostIp, port, exclusive: true }, () =>
      socket.close(() => resume(Effect.succeed<Verdict>("free")))
    )
  })

/** The kernel's ephemeral range, from which Docker also takes its automatic host ports. */
const ephemeralRange = (): readonly [number, number] => {
  const [first = Number.NaN, last = Number.NaN] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8")
    .trim()
    .split(/\s+/)
    .map(Number)
  return Number.isInteger(first) && Number.isInteger(last) ? [first, last] : [49153, 65535]
}

/** dockerd's words for a port that cannot be had. */
const reasonOf = (verdict: Exclude<Verdict, "free">, proto: string, address: string): string => {
  if (verdict === "allocated") return `Bind for ${address} failed: port is already allocated`
  if (verdict === "in use") return `failed to listen on ${proto.toUpperCase()} socket: address already in use`
  return `failed to bind host port ${address}/${proto}: ${verdict.unbindable}`
}

/** Makes an empty book of host ports. */
export const makeHostPorts = (): HostPorts => {
  const booked = new Map<string, Set<string>>()
  // Not the same first port in every daemon: a rule holds no socket, so two daemons do not see each other's.
  const [lowest, highest] = ephemeralRange()
  let next = randomInt(lowest, highest)
  const addressesOf = (proto: string, port: number): Set<string> => {
    const key = `${proto}/${port}`
    const known = booked.get(key) ?? new Set()
    booked.set(key, known)
    return known
  }
  const release = (ports: ReadonlyArray<PublishedPort>): void => {
    for (const port of ports) {
      const holders = addressesOf(port.proto, port.hostPort)
      holders.delete(port.hostIp)
      if (holders.size === 0) booked.delete(`${port.proto}/${port.hostPort}`)
    }
  }
  const claim = (request: PortRequest, hostIp: string, port: number): Effect.Effect<Verdict> =>
    Effect.suspend(() => {
      const holders = addressesOf(request.proto, port)
      const clash = hostIp === "0.0.0.0" ? holders.size > 0 : holders.has(hostIp) || holders.has("0.0.0.0")
      if (clash) return Effect.succeed<Verdict>("allocated")
      holders.add(hostIp)
      return Effect.tap((request.proto === "tcp" ? tryTcp : tryUdp)(hostIp, port), (verdict) =>
        Effect.sync(() => verdict === "free" || holders.delete(hostIp))
      )
    })
  const candidates = function* (request: PortRequest): Generator<number> {
    if (request.hostPort !== undefined && request.hostPort !== 0) {
      for (let port = request.hostPort; port <= (request.hostPortEnd ?? request.hostPort); port += 1) yield port
      return
    }
    const [first, last] = ephemeralRange()
    for (let tried = first; tried <= last; tried += 1) {
      next = next < first || next > last ? first : next
      yield next++
    }
  }
  const bookOne = (owner: PortOwner, containerIp: string, request: PortRequest) =>
    Effect.gen(function* () {
      const hostIp = request.hostIp === undefined || request.hostIp === "" ? "0.0.0.0" : request.hostIp
      let reason = "all ports are allocated"
      for (const hostPort of candidates(request)) {
        const verdict = yield* claim(request, hostIp, hostPort)
        if (verdict === "free")
          return { proto: request.proto, hostIp, hostPort, containerIp, containerPort: request.containerPort }
        reason = reasonOf(verdict, request.proto, `${hostIp}:${hostPort}`)
        if (typeof verdict === "object") break
      }
      return yield* new PortRefused({ ...owner, reason })
    })
  return {
    release,
    restore: (ports) => ports.forEach((port) => addressesOf(port.proto, port.hostPort).add(port.hostIp)),
    book: (owner, containerIp, requests) =>
      Effect.gen(function* () {
        const done: Array<PublishedPort> = []
        // The fixed ones first, so that an automatic one does not take a number asked for beside it.
        const ordered = requests.toSorted((one, other) => Number(!one.hostPort) - Number(!other.hostPort))
        for (const request of ordered)
          done.push(
            yield* bookOne(owner, containerIp, request).pipe(Effect.tapError(() => Effect.sync(() => release(done))))
          )
        return done
      })
  }
}

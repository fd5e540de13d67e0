import { inheritable, listenTcpHeld, listenUnixHeld } from "@sockerless/libc"
import { chmodSync, chownSync, fstatSync, lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { connect, isIP } from "node:net"
import { dirname } from "node:path"
import type { Config } from "../config/config.ts"
import { type Host, hostText, type Wrong } from "../config/hosts.ts"
import type { HeldSocket } from "./launch-order.ts"

/** Clients that wait while a dead daemon is being replaced; the kernel clamps it to net.core.somaxconn. */
const BACKLOG = 4096
/** First descriptor of systemd's socket activation (sd_listen_fds(3)). */
const FIRST_SYSTEMD_FD = 3

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })

const groupId = (name: string): number | undefined => {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`))
  return line === undefined ? undefined : Number(line.split(":")[2])
}

const socketGroup = (config: Config): number | Wrong => {
  const id = groupId(config.group ?? "docker")
  if (id !== undefined) return id
  return config.group === undefined ? 0 : { wrong: `group ${config.group} not found in /etc/group` }
}

const holdUnix = async (path: string, config: Config): Promise<number | Wrong> => {
  const group = socketGroup(config)
  if (typeof group !== "number") return group
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  const present = lstatSync(path, { throwIfNoEntry: false })
  if (present !== undefined && !present.isSocket()) {
    return { wrong: `cannot listen on unix://${path}: a file that is not a socket is there` }
  }
  if (present !== undefined && (await answers(path))) {
    return { wrong: `cannot listen on unix://${path}: another process serves it; end that one, or choose another -H` }
  }
  // A socket nobody answers on was left by a killed predecessor.
  rmSync(path, { force: true })
  const previous = process.umask(0o177)
  const fd = listenUnixHeld(path, BACKLOG)
  process.umask(previous)
  chownSync(path, 0, group)
  chmodSync(path, 0o660)
  return fd
}

const packedAddress = (ip: string): Buffer => {
  if (isIP(ip) === 4) return Buffer.from(ip.split(".").map(Number))
  const [left = "", right] = ip.split("%")[0]?.split("::") ?? []
  const groups = (text: string) => (text === "" ? [] : text.split(":"))
  const head = groups(left)
  const tail = right === undefined ? [] : groups(right)
  const all = right === undefined ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail]
  return Buffer.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
}

const holdTcp = (host: Extract<Host, { kind: "tcp" }>): number | Wrong => {
  try {
    return listenTcpHeld(packedAddress(host.ip), host.port, BACKLOG)
  } catch (error) {
    // libc reports a refused bind(2) by throwing; the person at the terminal gets the address with the reason.
    return { wrong: `cannot listen on ${hostText(host)}: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const systemdSockets = (name: string | undefined, config: Config): ReadonlyArray<HeldSocket> | Wrong => {
  const count = Number(process.env["LISTEN_FDS"] ?? "0")
  if (process.env["LISTEN_PID"] !== String(process.pid) || count < 1) {
    return { wrong: "fd:// was asked for, but no socket was passed: start through the systemd socket unit" }
  }
  const names = (process.env["LISTEN_FDNAMES"] ?? "").split(":")
  const fds = Array.from({ length: count }, (_, index) => FIRST_SYSTEMD_FD + index).filter(
    (fd, index) => name === undefined || names[index] === name || String(fd) === name
  )
  if (fds.length === 0) return { wrong: `fd://${name ?? ""}: systemd passed ${names.join(", ")}` }
  return fds.map((fd) => {
    inheritable(fd)
    return { fd, kind: kindOfPassed(fd, config), host: { kind: "fd", name } }
  })
}

/** A passed socket that is listed among the machine's unix sockets is one; any other is TCP. */
const kindOfPassed = (fd: number, config: Config): HeldSocket["kind"] => {
  const inode = String(fstatSync(fd).ino)
  const unix = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .some((line) => line.split(/\s+/)[6] === inode)
  if (unix) return "unix"
  return config.tls === undefined ? "tcp" : "tls"
}

/** Binds every address of the config. The descriptors survive execve, so clients wait instead of being refused. */
export const holdSockets = async (config: Config): Promise<ReadonlyArray<HeldSocket> | Wrong> => {
  const held: Array<HeldSocket> = []
  for (const host of config.hosts) {
    if (host.kind === "fd") {
      const passed = systemdSockets(host.name, config)
      if ("wrong" in passed) return passed
      held.push(...passed)
      continue
    }
    const fd = host.kind === "unix" ? await holdUnix(host.path, config) : holdTcp(host)
    if (typeof fd !== "number") return fd
    held.push({ fd, kind: host.kind === "unix" ? "unix" : config.tls === undefined ? "tcp" : "tls", host })
  }
  return held
}

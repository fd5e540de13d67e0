import { closeSync } from "node:fs"
import { libcCall } from "./call.ts"

const AF_UNIX = 1
const SOCK_SEQPACKET = 5
const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000
const SOCK_NONBLOCK = 0o4000
const SHUT_RD = 0
/** `sizeof(sun_path)`, the terminating NUL included (unix(7)). */
const SUN_PATH_BYTES = 108

const socketCall = libcCall<[domain: number, type: number, protocol: number]>(
  "socket",
  "int socket(int domain, int type, int protocol)"
)
const connectCall = libcCall<[fd: number, address: Buffer, length: number]>(
  "connect",
  "int connect(int fd, const void *address, uint32_t length)"
)
const bindCall = libcCall<[fd: number, address: Buffer, length: number]>(
  "bind",
  "int bind(int fd, const void *address, uint32_t length)"
)
const listenCall = libcCall<[fd: number, backlog: number]>("listen", "int listen(int fd, int backlog)")
const shutdownCall = libcCall<[fd: number, how: number]>("shutdown", "int shutdown(int fd, int how)")

const unixAddress = (path: string): Buffer => {
  const bytes = Buffer.from(path)
  if (bytes.length >= SUN_PATH_BYTES) {
    throw new RangeError(`unix socket path is ${bytes.length} bytes, allowed are ${SUN_PATH_BYTES - 1}: ${path}`)
  }
  const address = Buffer.alloc(2 + bytes.length + 1)
  address.writeUInt16LE(AF_UNIX, 0)
  bytes.copy(address, 2)
  return address
}

/**
 * Connects to a SOCK_SEQPACKET unix socket (conmon's `attach`) for writing only: the read side is shut down, so the
 * peer drops what it would send us instead of waiting for a reader. The fd is non-blocking and close-on-exec.
 */
export const connectSeqpacketForWriting = (path: string): number => {
  const address = unixAddress(path)
  const fd = socketCall(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
  try {
    connectCall(fd, address, address.length)
    shutdownCall(fd, SHUT_RD)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/**
 * Binds and listens on a unix stream socket without accepting: the fd is inheritable (no close-on-exec), so that a
 * successor of this process can serve it with `listen({ fd })`. The caller removes a stale path first.
 */
export const listenUnixHeld = (path: string, backlog: number): number => {
  const fd = socketCall(AF_UNIX, SOCK_STREAM, 0)
  const address = unixAddress(path)
  bindCall(fd, address, address.length)
  listenCall(fd, backlog)
  return fd
}

const AF_INET = 2
const AF_INET6 = 10
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const setsockoptCall = libcCall<[fd: number, level: number, name: number, value: Buffer, length: number]>(
  "setsockopt",
  "int setsockopt(int fd, int level, int name, const void *value, uint32_t length)"
)

/** As `listenUnixHeld`, for TCP. `address` is the packed IP address: 4 bytes for IPv4, 16 for IPv6. */
export const listenTcpHeld = (address: Buffer, port: number, backlog: number): number => {
  const v6 = address.length === 16
  const fd = socketCall(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0)
  const one = Buffer.alloc(4)
  one.writeInt32LE(1)
  setsockoptCall(fd, SOL_SOCKET, SO_REUSEADDR, one, one.length)
  const sockaddr = Buffer.alloc(v6 ? 28 : 16)
  sockaddr.writeUInt16LE(v6 ? AF_INET6 : AF_INET, 0)
  sockaddr.writeUInt16BE(port, 2)
  address.copy(sockaddr, v6 ? 8 : 4)
  bindCall(fd, sockaddr, sockaddr.length)
  listenCall(fd, backlog)
  return fd
}

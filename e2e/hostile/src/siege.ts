import {
  type Daemon,
  type DaemonOptions,
  type Docker,
  rawRequest,
  type RawReply,
  startTarget
} from "@sockerless/e2e-kit"
import { readdirSync, readFileSync } from "node:fs"
import { connect } from "node:net"
import { afterAll, afterEach, beforeAll, expect } from "vitest"
import { type RequestParts, requestBytes } from "./request.ts"

const REPLY_MILLIS = 30_000
/** Long enough for the daemon to be in the middle of it, as a rule; no test depends on that. */
const ABANDON_MILLIS = 50

/** A daemon that a test file maltreats. */
export interface Siege {
  readonly daemon: Daemon
  readonly docker: Docker
  /** Sends bytes and waits until the daemon closes the connection. */
  readonly send: (bytes: Buffer | string) => Promise<RawReply>
  readonly ask: (parts: RequestParts) => Promise<RawReply>
  /** Sends bytes, waits a moment for the daemon to take them in, and resets the connection. */
  readonly abandon: (bytes: Buffer | string) => Promise<void>
  /** Files the daemon holds open now. */
  readonly openFiles: () => number
  /** Resident memory of the daemon now. */
  readonly memoryBytes: () => number
}

/**
 * Starts one daemon with busybox for the calling file. After each test it must be the same process, answer, and have
 * met no defect; after the last one it must still run a container.
 */
export const underSiege = (options: DaemonOptions = {}): Siege => {
  let started: Daemon | undefined
  let pid = 0
  const daemon = (): Daemon => {
    if (started === undefined) throw new Error("the daemon is there inside tests and hooks only")
    return started
  }
  const send = (bytes: Buffer | string) => rawRequest({ path: daemon().socket }, bytes, { millis: REPLY_MILLIS })
  beforeAll(async () => {
    started = await startTarget(options)
    pid = started.pid()
  })
  afterEach(async () => {
    expect(daemon().pid(), daemon().log()).toBe(pid)
    expect((await send(requestBytes({ path: "/_ping" }))).status).toBe(200)
    expect(daemon().log()).not.toMatch(/defect|uncaught|unhandled/i)
  })
  afterAll(async () => {
    if (started === undefined) return
    expect(await started.docker.ok("run", "--rm", "busybox", "echo", "still", "here")).toBe("still here")
    expect(started.pid()).toBe(pid)
    await started.stop()
  })
  return {
    get daemon() {
      return daemon()
    },
    get docker() {
      return daemon().docker
    },
    send,
    ask: (parts) => send(requestBytes(parts)),
    abandon: (bytes) =>
      new Promise((resolve, reject) => {
        const socket = connect(daemon().socket)
        socket.once("error", reject)
        socket.once("close", () => resolve())
        socket.write(bytes, () => setTimeout(() => socket.destroy(), ABANDON_MILLIS))
      }),
    memoryBytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024,
    openFiles: () => readdirSync(`/proc/${pid}/fd`).length
  }
}

import { type Daemon, type DaemonOptions, type Docker, startTarget } from "@sockerless/e2e-kit"
import { afterAll, beforeAll } from "vitest"

/** The daemon that a test file judges. */
export interface Judged {
  readonly docker: Docker
  readonly daemon: Daemon
}

/** Starts one daemon before the first test of the calling file and ends it, with all it made, after the last. */
export const judged = (options: DaemonOptions = {}): Judged => {
  let started: Daemon | undefined
  beforeAll(async () => {
    started = await startTarget(options)
  })
  afterAll(() => started?.stop())
  const daemon = (): Daemon => {
    if (started === undefined) throw new Error("the daemon is there inside tests and hooks only")
    return started
  }
  return {
    get docker() {
      return daemon().docker
    },
    get daemon() {
      return daemon()
    }
  }
}

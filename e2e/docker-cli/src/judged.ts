import { type Daemon, type DaemonOptions, type Docker, type Outcome, startTarget, until } from "@sockerless/e2e-kit"
import { afterAll, assert, beforeAll, beforeEach } from "vitest"
import { noClient } from "./client.ts"

/** The daemon that a test file judges. */
export interface Judged {
  readonly docker: Docker
  readonly daemon: Daemon
  /** `docker run --rm` of busybox with these options and this shell line. */
  readonly sh: (options: ReadonlyArray<string>, line: string) => Promise<Outcome>
  /** As `sh`; the shell must end with 0 and nothing on stderr. Gives what it printed. */
  readonly printed: (options: ReadonlyArray<string>, line: string) => Promise<string>
  /** A docker command must end with this code and write exactly this to stderr, nothing to stdout. */
  readonly fails: (code: number, stderr: string, ...args: ReadonlyArray<string>) => Promise<void>
  /** Waits until an inspect template of a container gives this text. */
  readonly shows: (container: string, template: string, text: string) => Promise<string>
  /** Waits until as many clients as told have been attached to a container. */
  readonly attached: (container: string, times?: number) => Promise<true>
}

const GENEROUS_MILLIS = 40_000

/** Starts one daemon before the first test of the calling file and ends it, with all it made, after the last. */
export const judged = (options: DaemonOptions = {}): Judged => {
  let started: Daemon | undefined
  beforeAll(async () => {
    if (noClient === undefined) started = await startTarget(options)
  }, 120_000)
  beforeEach((test) => test.skip(noClient !== undefined, noClient))
  afterAll(() => started?.stop())
  const daemon = (): Daemon => {
    if (started === undefined) throw new Error("the daemon is there inside tests and hooks only")
    return started
  }
  const sh: Judged["sh"] = (given, line) => daemon().docker.run(["run", "--rm", ...given, "busybox", "sh", "-c", line])
  return {
    get docker() {
      return daemon().docker
    },
    get daemon() {
      return daemon()
    },
    sh,
    printed: async (given, line) => {
      const outcome = await sh(given, line)
      assert.deepEqual([outcome.code, outcome.stderr], [0, ""])
      return outcome.stdout
    },
    fails: async (code, stderr, ...args) => {
      assert.deepEqual(await daemon().docker.run(args), { code, stdout: "", stderr })
    },
    shows: (container, template, text) => {
      let last = ""
      return until(
        `${template} of ${container} is ${JSON.stringify(text)}`,
        async () => {
          last = await daemon().docker.ok("inspect", "-f", template, container)
          return last === text ? last : undefined
        },
        GENEROUS_MILLIS
      )
    },
    attached: (container, times = 1) =>
      until(
        `${times} clients are attached to ${container}`,
        async () => {
          const span = ["--since", "0", "--until", String(Date.now() / 1000 + 1)]
          const filter = ["--filter", `container=${container}`, "--filter", "event=attach"]
          const events = await daemon().docker.ok("events", ...span, ...filter)
          return events.split("\n").filter((line) => line !== "").length >= times ? true : undefined
        },
        GENEROUS_MILLIS
      )
  }
}

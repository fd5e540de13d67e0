import { rawRequest } from "@sockerless/e2e-kit"
import { setTimeout } from "node:timers/promises"

const STEP_MILLIS = 4
const LIMIT_MILLIS = 60_000
const PING = "GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"

const answers = (path: string): Promise<boolean> =>
  rawRequest({ path }, PING, { millis: LIMIT_MILLIS }).then(
    ({ status }) => status === 200,
    // Nobody listens yet.
    () => false
  )

/** Milliseconds from `start` until `/_ping` says 200, which a daemon that still recovers does not. */
export const readyAfter = async (socket: string, start: number): Promise<number> => {
  while (!(await answers(socket))) {
    if (performance.now() - start > LIMIT_MILLIS) throw new Error(`nobody is ready on ${socket}`)
    await setTimeout(STEP_MILLIS)
  }
  return performance.now() - start
}

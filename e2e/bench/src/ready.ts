import { rawRequest } from "@sockerless/e2e-kit"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
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

/** Our daemon answers reads before it has recovered; the file with its pid says that it has. */
const lifeThatIsReady = (folder: string): string => {
  const file = join(folder, "exec", "sockerlessd.ready")
  return existsSync(file) ? readFileSync(file, "utf8") : ""
}

/**
 * Runs what begins a new life of a daemon with its files in this folder and gives the milliseconds until that life is
 * ready: `/_ping` says 200 and, for ours, everything has been recovered.
 */
export const readyAfter = async (
  name: "sockerlessd" | "dockerd",
  folder: string,
  begin: () => void
): Promise<number> => {
  const before = lifeThatIsReady(folder)
  const start = performance.now()
  begin()
  const ready = async () =>
    (name === "dockerd" || lifeThatIsReady(folder) !== before) && (await answers(join(folder, "docker.sock")))
  while (!(await ready())) {
    if (performance.now() - start > LIMIT_MILLIS) throw new Error(`${name} did not get ready in ${folder}`)
    await setTimeout(STEP_MILLIS)
  }
  return performance.now() - start
}

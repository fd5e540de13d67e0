import { readdirSync, readFileSync } from "node:fs"

/** Marks every short-lived tool that a daemon starts; monitors of containers get an environment without it. */
const MARK = "SOCKERLESSD_TOOL_OF"
/** A killed process is gone within moments; one that is stuck in the kernel is not waited for longer. */
const GONE_TRIES = 2000

const environmentOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8")
  } catch {
    // It has ended since it was listed.
    return ""
  }
}

const marked = (entry: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && environmentOf(name).split("\0").includes(entry))
    .map(Number)

/**
 * Ends the tools that a killed predecessor on this data root had started: an `ip` or a `tar` that went on working
 * would make things behind the back of recovery. Marks our own for our successor.
 */
export const endStrays = (dataRoot: string): void => {
  const entry = `${MARK}=${dataRoot}`
  for (let tries = 0; tries < GONE_TRIES; tries += 1) {
    const strays = marked(entry)
    if (strays.length === 0) break
    for (const pid of strays) {
      try {
        process.kill(pid, "SIGKILL")
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
  }
  process.env[MARK] = dataRoot
}

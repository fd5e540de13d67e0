import { existsSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs"
import type { KillpointName } from "./names.ts"

/**
 * Named places where a crash is worth testing. Invariant: a kill point does nothing unless the environment arms it,
 * so production pays one comparison. They stand on both sides of every durable write and every external call.
 *
 * `SOCKERLESSD_KILLPOINTS=name:n[:action]`, comma separated: at the n-th pass of `name` do `action`, which is `kill`
 * (SIGKILL to this process, the default) or `sleep=<millis>` (widens the window for a kill from outside).
 * `SOCKERLESSD_KILLPOINTS=@<file>` reads the same text from a file, absent for none, when the process starts; an entry
 * leaves the file with its kill, so that the next life is armed with the others only.
 */
interface Armed {
  remaining: number
  readonly action: string
}

const setting = process.env["SOCKERLESSD_KILLPOINTS"] ?? ""
const armingFile = setting.startsWith("@") ? setting.slice(1) : undefined

const parse = (text: string): ReadonlyMap<string, Armed> =>
  new Map(
    text
      .trim()
      .split(",")
      .filter((entry) => entry !== "")
      .map((entry) => {
        const [name = "", nth = "1", action = "kill"] = entry.split(":")
        const remaining = Number(nth)
        if (name === "" || !Number.isInteger(remaining) || remaining < 1) {
          throw new RangeError(`SOCKERLESSD_KILLPOINTS: "${entry}" is not name:n[:action] with n >= 1`)
        }
        return [name, { remaining, action }] as const
      })
  )

const armedIn = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "")

const armed = parse(armingFile === undefined ? setting : armedIn(armingFile))

const disarm = (file: string, name: KillpointName): void => {
  const left = armedIn(file)
    .trim()
    .split(",")
    .filter((entry) => !entry.startsWith(`${name}:`))
  if (left.length === 0) rmSync(file, { force: true })
  else writeFileSync(file, left.join(","))
}

/** Passes a named kill point. */
export const killpoint = (name: KillpointName): void => {
  if (armed.size === 0) return
  const point = armed.get(name)
  if (point === undefined) return
  point.remaining -= 1
  if (point.remaining !== 0) return
  // Not through process.stderr: a worker thread's goes by way of the main thread, which is about to die.
  writeSync(2, `killpoint ${name}: ${point.action}\n`)
  if (point.action.startsWith("sleep=")) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(point.action.slice("sleep=".length)))
    return
  }
  if (armingFile !== undefined) disarm(armingFile, name)
  process.kill(process.pid, "SIGKILL")
}

/**
 * Named places where a crash is worth testing. Invariant: a kill point does nothing unless the environment arms it,
 * so production pays one comparison. They stand on both sides of every durable write and every external call.
 *
 * `SOCKERLESSD_KILLPOINTS=name:n[:action]`, comma separated: at the n-th pass of `name` do `action`, which is `kill`
 * (SIGKILL to this process, the default) or `sleep=<millis>` (widens the window for a kill from outside).
 */
interface Armed {
  remaining: number
  readonly action: string
}

const parse = (text: string): ReadonlyMap<string, Armed> =>
  new Map(
    text
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

const armed = parse(process.env["SOCKERLESSD_KILLPOINTS"] ?? "")

/** Passes a named kill point. `name` is `room.verb.moment`, for example `engine.start.before-outcome`. */
export const killpoint = (name: string): void => {
  if (armed.size === 0) return
  const point = armed.get(name)
  if (point === undefined) return
  point.remaining -= 1
  if (point.remaining !== 0) return
  process.stderr.write(`killpoint ${name}: ${point.action}\n`)
  if (point.action.startsWith("sleep=")) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(point.action.slice("sleep=".length)))
    return
  }
  process.kill(process.pid, "SIGKILL")
}

import { existsSync, readFileSync } from "node:fs"
import type { Json } from "@sockerless/agent-link/protocol"
import { textOf } from "./params.ts"
import { userProcesses } from "./processes.ts"
import { Refused } from "./reply.ts"

/** What a jiffy of /proc is on every Linux that matters: USER_HZ. */
const TICKS_PER_SECOND = 100

const two = (value: number): string => String(value).padStart(2, "0")

const userNames = (): ReadonlyMap<number, string> =>
  new Map(
    (existsSync("/etc/passwd") ? readFileSync("/etc/passwd", "utf8") : "")
      .split("\n")
      .map((line) => line.split(":"))
      .filter((fields) => fields.length > 2)
      .map((fields) => [Number(fields[2]), fields[0] ?? ""])
  )

/** `ps -ef` of the user's processes; no other format is known without a ps in the image. */
export const top = (params: Json): Json => {
  const args = textOf(params, "psArgs")
  if (args !== "" && args !== "-ef") {
    throw new Refused("invalid", `ps arguments ${JSON.stringify(args)} are not supported here; use -ef or none`)
  }
  const names = userNames()
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0])
  const bootMillis = Date.now() - uptime * 1000
  const rows = userProcesses().map((one) => {
    const started = new Date(bootMillis + (one.startTicks / TICKS_PER_SECOND) * 1000)
    const seconds = Math.floor((one.userTicks + one.systemTicks) / TICKS_PER_SECOND)
    const alive = Math.max(1, uptime - one.startTicks / TICKS_PER_SECOND)
    return [
      names.get(one.uid) ?? String(one.uid),
      String(one.pid),
      String(one.parent),
      String(Math.min(99, Math.floor((seconds * 100) / alive))),
      `${two(started.getUTCHours())}:${two(started.getUTCMinutes())}`,
      one.tty === 0 ? "?" : `pts/${one.tty & 0xff}`,
      `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`,
      one.command
    ]
  })
  return { titles: ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"], processes: rows }
}

import type { Given } from "../cli/parse.ts"
import { DEFAULT_SOCKET } from "../config/config.ts"
import { hostText, parseHost } from "../config/hosts.ts"
import { type Answer, ask } from "./ask.ts"

interface Part {
  readonly part: string
  readonly ok: boolean
  readonly text: string
}

const field = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

const jsonOf = (answer: Answer): unknown => {
  if ("failed" in answer || answer.status !== 200) return undefined
  const value: unknown = JSON.parse(answer.body)
  return value
}

const pingPart = (answer: Answer, address: string): Part => {
  if ("failed" in answer) {
    return {
      part: "daemon",
      ok: false,
      text: `${address} does not answer: ${answer.failed}; start it with "sockerlessd", or name it with -H`
    }
  }
  return {
    part: "daemon",
    ok: answer.status === 200,
    text: `${address} answers ${answer.status} after ${answer.millis} ms`
  }
}

const infoParts = (info: unknown): ReadonlyArray<Part> => {
  const count = (key: string) => String(field(info, key) ?? "?")
  const runtimes = Object.keys(field(info, "Runtimes") ?? {})
  const warnings = field(info, "Warnings")
  return [
    {
      part: "containers",
      ok: true,
      text: `${count("Containers")} in all: ${count("ContainersRunning")} running, ${count("ContainersPaused")} paused, ${count("ContainersStopped")} stopped`
    },
    { part: "images", ok: true, text: `${count("Images")}, storage ${count("Driver")}` },
    { part: "backends", ok: runtimes.length > 0, text: `${runtimes.join(", ")} (default ${count("DefaultRuntime")})` },
    { part: "cgroups", ok: true, text: `version ${count("CgroupVersion")}, driver ${count("CgroupDriver")}` },
    { part: "state", ok: true, text: count("DockerRootDir") },
    ...(Array.isArray(warnings) ? warnings.map((text) => ({ part: "warning", ok: true, text: String(text) })) : [])
  ]
}

/** `sockerlessd status`: one line per part of the running daemon. Exit code 1 when a part is not well. */
export const status = async (given: Given, say: (text: string) => void): Promise<number> => {
  const host = parseHost(given.lists.get("host")?.[0] ?? `unix://${DEFAULT_SOCKET}`, false)
  if ("wrong" in host) {
    say(`sockerlessd: ${host.wrong}`)
    return 2
  }
  const ping = pingPart(await ask(host, "/_ping"), hostText(host))
  const info = ping.ok ? jsonOf(await ask(host, "/info")) : undefined
  const version = ping.ok ? jsonOf(await ask(host, "/version")) : undefined
  const parts: ReadonlyArray<Part> = [
    ping,
    ...(version === undefined
      ? []
      : [
          {
            part: "version",
            ok: true,
            text: `${String(field(version, "Version"))}, API ${String(field(version, "ApiVersion"))}`
          }
        ]),
    ...(info === undefined ? [] : infoParts(info))
  ]
  const well = parts.every((part) => part.ok) && info !== undefined
  if (given.texts.get("format") === "json") say(JSON.stringify({ ok: well, parts }))
  else for (const { part, ok, text } of parts) say(`${ok ? "ok  " : "FAIL"}  ${part.padEnd(11)} ${text}`)
  return well ? 0 : 1
}

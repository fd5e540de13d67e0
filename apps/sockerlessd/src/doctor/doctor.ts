import type { Given } from "../cli/parse.ts"
import { DEFAULT_DATA_ROOT, DEFAULT_SOCKET } from "../config/config.ts"
import { parseHost } from "../config/hosts.ts"
import type { Finding } from "./finding.ts"
import {
  examineCgroups,
  examineDisk,
  examineForwarding,
  examineLimits,
  examineOverlay,
  examineSocket,
  examineUser
} from "./machine.ts"
import { readOsRelease } from "./packages.ts"
import { examinePrograms } from "./programs.ts"

const mark = { ok: "ok     ", warn: "warning", missing: "MISSING" } as const

const lines = (finding: Finding): string =>
  `${mark[finding.state]}  ${finding.topic.padEnd(13)} ${finding.text}${finding.mend === undefined ? "" : `\n${" ".repeat(23)} -> ${finding.mend}`}`

/** `sockerlessd doctor`: what this machine has and lacks. Exit code 1 when something needed is missing. */
export const doctor = async (given: Given, say: (text: string) => void): Promise<number> => {
  const dataRoot = given.texts.get("data-root") ?? DEFAULT_DATA_ROOT
  const host = parseHost(given.lists.get("host")?.[0] ?? `unix://${DEFAULT_SOCKET}`, false)
  if ("wrong" in host) {
    say(`sockerlessd: ${host.wrong}`)
    return 2
  }
  const root = examineUser()
  const findings: ReadonlyArray<Finding> = [
    root,
    ...(await examinePrograms(readOsRelease())),
    examineCgroups(),
    ...(root.state === "ok" ? [await examineOverlay(dataRoot)] : []),
    examineDisk(dataRoot),
    examineLimits(),
    examineForwarding(),
    await examineSocket(host)
  ]
  const lacking = findings.filter((finding) => finding.state === "missing")
  if (given.texts.get("format") === "json") say(JSON.stringify({ ok: lacking.length === 0, findings }))
  else {
    for (const finding of findings) say(lines(finding))
    say(lacking.length === 0 ? "\nThis machine can run containers." : `\n${lacking.length} needed things are missing.`)
  }
  return lacking.length === 0 ? 0 : 1
}

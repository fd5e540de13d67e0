import { readFileSync } from "node:fs"
import { daemonFlags, type Flag } from "../cli/flags.ts"
import type { Given } from "../cli/parse.ts"
import type { Wrong } from "./hosts.ts"

const DEFAULT_FILE = "/etc/sockerless/daemon.json"

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isTextList = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((item) => typeof item === "string")

const readJson = (file: string, required: boolean): { readonly json: Readonly<Record<string, unknown>> } | Wrong => {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"))
    return isObject(value) ? { json: value } : { wrong: `${file}: the top level must be a JSON object` }
  } catch (error) {
    if (!required && error instanceof Error && "code" in error && error.code === "ENOENT") return { json: {} }
    return {
      wrong: `unable to configure the daemon with file ${file}: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

const givenText = (given: Given, flag: Flag): string | undefined => {
  const list = given.lists.get(flag.name)
  if (list !== undefined) return `[${list.join(" ")}]`
  return given.texts.get(flag.name) ?? given.switches.get(flag.name)?.toString()
}

interface Merged {
  readonly texts: Map<string, string>
  readonly lists: Map<string, ReadonlyArray<string>>
  readonly switches: Map<string, boolean>
}

const take = (into: Merged, flag: Flag, value: unknown): string | undefined => {
  if (flag.type === "list" && isTextList(value)) into.lists.set(flag.name, value)
  else if (flag.type === "switch" && typeof value === "boolean") into.switches.set(flag.name, value)
  else if (flag.type === "text" && (typeof value === "string" || typeof value === "number")) {
    into.texts.set(flag.name, String(value))
  } else return { list: "a list of texts", switch: "true or false", text: "a text" }[flag.type]
  return undefined
}

/** Adds the configuration file to what the command line gave; a setting given in both places is refused as dockerd does. */
export const withConfigFile = (given: Given): Given | Wrong => {
  const file = given.texts.get("config-file") ?? DEFAULT_FILE
  const read = readJson(file, given.texts.has("config-file"))
  if ("wrong" in read) return read
  const { json } = read
  const merged = { texts: new Map(given.texts), lists: new Map(given.lists), switches: new Map(given.switches) }
  const unknown = Object.keys(json).filter((key) => key !== "runtimes" && !daemonFlags.some((flag) => flag.key === key))
  if (unknown.length > 0) {
    return {
      wrong: `unable to configure the daemon with file ${file}: the following directives don't match any configuration option: ${unknown.join(", ")}`
    }
  }
  const twice: Array<string> = []
  for (const flag of daemonFlags) {
    if (flag.key === undefined || !(flag.key in json)) continue
    const value = json[flag.key]
    const typed = givenText(given, flag)
    if (typed !== undefined) {
      twice.push(
        `${flag.key}: (from flag: ${typed}, from file: ${isTextList(value) ? `[${value.join(" ")}]` : String(value)})`
      )
      continue
    }
    const wanted = take(merged, flag, value)
    if (wanted !== undefined) return { wrong: `${file}: "${flag.key}" must be ${wanted}` }
  }
  if (twice.length > 0) {
    return {
      wrong: `unable to configure the daemon with file ${file}: the following directives are specified both as a flag and in the configuration file: ${twice.join(", ")}`
    }
  }
  return { ...merged, positionals: given.positionals, runtimes: json["runtimes"] }
}

import { parseArgs } from "node:util"
import type { Flag } from "./flags.ts"

/** A command line that makes no sense; answered with the usage text and exit code 2. */
export interface UsageError {
  readonly usageError: string
}

/** What was given for each flag, absent when it was not. */
export interface Given {
  readonly texts: ReadonlyMap<string, string>
  readonly lists: ReadonlyMap<string, ReadonlyArray<string>>
  readonly switches: ReadonlyMap<string, boolean>
  readonly positionals: ReadonlyArray<string>
  /** What the configuration file alone can say. */
  readonly runtimes?: unknown
}

interface Option {
  type: "string" | "boolean"
  multiple: boolean
  short?: string
}

const optionOf = (flag: Flag): Option => ({
  type: flag.type === "switch" ? "boolean" : "string",
  multiple: flag.type === "list",
  ...(flag.short === undefined ? {} : { short: flag.short })
})

/** Go's flag syntax for booleans, `--tls=false`, in the form Node's parser knows. */
const plainSwitches = (argument: string, flags: ReadonlyArray<Flag>): string => {
  const match = /^--([a-z-]+)=(true|false|1|0)$/.exec(argument)
  const flag = flags.find((candidate) => candidate.name === match?.[1] && candidate.type === "switch")
  if (match === null || flag === undefined) return argument
  return match[2] === "true" || match[2] === "1" ? `--${flag.name}` : `--no-${flag.name}`
}

const firstSentence = (message: string) => message.split(/[.'] To specify|\. To /)[0] ?? message

/** Reads arguments by a flag table. */
export const parseFlags = (args: ReadonlyArray<string>, flags: ReadonlyArray<Flag>): Given | UsageError => {
  try {
    const { values, positionals } = parseArgs({
      args: args.map((argument) => plainSwitches(argument, flags)),
      options: Object.fromEntries(flags.map((flag) => [flag.name, optionOf(flag)])),
      allowPositionals: true,
      allowNegative: true,
      strict: true
    })
    const texts = new Map<string, string>()
    const lists = new Map<string, ReadonlyArray<string>>()
    const switches = new Map<string, boolean>()
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === "string") texts.set(name, value)
      else if (typeof value === "boolean") switches.set(name, value)
      else if (value !== undefined) lists.set(name, value.map(String))
    }
    return { texts, lists, switches, positionals }
  } catch (error) {
    // parseArgs reports every misuse by throwing; its messages are made for people.
    return { usageError: firstSentence(error instanceof Error ? error.message : String(error)) }
  }
}

import type { WorkloadSpec } from "@sockerless/backend-contract"
import { LocalUnsupported } from "./faults.ts"

const accepted: ReadonlySet<string> = new Set(["max-size", "max-file", "compress", "mode", "max-buffer-size"])
const drivers: Readonly<Record<string, ReadonlySet<string>>> = {
  "json-file": new Set([...accepted, "labels", "env"]),
  local: accepted,
  none: new Set(),
  "": accepted
}

/** Docker's units are decimal here: `10m` is ten million bytes (go-units FromHumanSize). */
const units: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }

const bytesOf = (text: string): number | undefined => {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  const bytes = Math.floor(Number.parseFloat(digits) * (units[unit.toLowerCase()] ?? Number.NaN))
  return bytes > 0 ? bytes : undefined
}

const filesOf = (text: string): number | undefined => {
  const files = Number(text)
  return Number.isInteger(files) && files >= 1 ? files : undefined
}

/**
 * How large the one log file may grow: `max-size` times `max-file`, because the monitor keeps one file and begins it
 * anew when it is full. Undefined for no limit.
 */
export const logLimitBytes = ({ logging }: WorkloadSpec): number | undefined => {
  const size = bytesOf(logging.options["max-size"] ?? "")
  return size === undefined ? undefined : size * (filesOf(logging.options["max-file"] ?? "1") ?? 1)
}

/** Why these log options cannot be honoured. */
export const logRefusals = ({ logging }: WorkloadSpec): ReadonlyArray<LocalUnsupported> => {
  const refuse = (option: string, wayOut: string) => [new LocalUnsupported({ option, wayOut })]
  const known = drivers[logging.driver]
  if (known === undefined) return refuse(`log driver "${logging.driver}"`, "use json-file, local or none")
  const { options } = logging
  const unknown = Object.keys(options).find((key) => !known.has(key))
  if (unknown !== undefined) return refuse(`log option "${unknown}"`, `use one of ${[...known].join(", ")}`)
  const size = options["max-size"]
  if (size !== undefined && size !== "-1" && bytesOf(size) === undefined) {
    return refuse(`log option max-size="${size}"`, 'write it as "10m"')
  }
  if (options["max-file"] !== undefined && filesOf(options["max-file"]) === undefined) {
    return refuse(`log option max-file="${options["max-file"]}"`, "give a whole number of at least 1")
  }
  return []
}

/** What is honoured in a way of its own. */
export const logWarnings = ({ logging }: WorkloadSpec): ReadonlyArray<string> =>
  logging.options["max-size"] !== undefined && (filesOf(logging.options["max-file"] ?? "1") ?? 1) > 1
    ? ["log option max-file: one file of at most max-size times max-file bytes is kept, and begun anew when it is full"]
    : []

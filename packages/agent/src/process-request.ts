import type { Json } from "@sockerless/agent-link/protocol"

/** A process to run, as it comes over the link and from the settings. */
export interface ProcessRequest {
  readonly argv: ReadonlyArray<string>
  readonly env: ReadonlyArray<string>
  readonly workingDir: string
  readonly user: string
  readonly tty: boolean
  readonly stdin: boolean
  readonly rows: number
  readonly columns: number
}

const texts = (value: Json | undefined, key: string): ReadonlyArray<string> => {
  if (!Array.isArray(value)) throw new RangeError(`${key} is no list`)
  return value.map((item: Json) => {
    if (typeof item !== "string" || item.includes("\0")) throw new RangeError(`${key} holds what is no text`)
    return item
  })
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "")
const size = (value: Json | undefined, otherwise: number): number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536 ? value : otherwise

/** Reads a request; throws with what is wrong with it. */
export const processRequestOf = (value: Json): ProcessRequest => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new RangeError("no process is named")
  const from = value as { readonly [key: string]: Json }
  const argv = texts(from["argv"], "argv")
  if (argv.length === 0) throw new RangeError("argv is empty")
  return {
    argv,
    env: texts(from["env"] ?? [], "env"),
    workingDir: text(from["workingDir"]) || "/",
    user: text(from["user"]),
    tty: from["tty"] === true,
    stdin: from["stdin"] === true,
    rows: size(from["rows"], 24),
    columns: size(from["columns"], 80)
  }
}

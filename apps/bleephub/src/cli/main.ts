import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { Made, Seed } from "../server/seed.ts"
import { askServer, NotRunning } from "./ask.ts"
import { banner } from "./banner.ts"
import { usage } from "./usage.ts"

/** A command that cannot be understood. */
class BadUsage extends Error {
  readonly kind = "invalid"
}

const options = {
  state: { type: "string" },
  http: { type: "string", default: "127.0.0.1:8980" },
  https: { type: "string", default: "127.0.0.1:8943" },
  socket: { type: "string" },
  name: { type: "string" },
  email: { type: "string" },
  scopes: { type: "string" },
  owner: { type: "string" },
  private: { type: "boolean" },
  init: { type: "boolean" },
  help: { type: "boolean", short: "h" }
} as const

const parse = (args: ReadonlyArray<string>) => parseArgs({ args: [...args], options, allowPositionals: true })

type Flags = ReturnType<typeof parse>["values"]

const address = (text: string): { readonly host: string; readonly port: number } => {
  const found = /^(?:(.*):)?(\d+)$/.exec(text)
  if (found === null) throw new BadUsage(`"${text}" is not HOST:PORT`)
  return { host: found[1] ?? "127.0.0.1", port: Number(found[2]) }
}

const stateFolder = (flags: Flags): string =>
  flags.state ?? join(process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local/state"), "bleephub")

const up = async (flags: Flags, worker: URL): Promise<void> => {
  const begun = performance.now()
  const { startServer } = await import("../server/start.ts")
  const http = address(flags.http)
  const started = await startServer({
    state: stateFolder(flags),
    http,
    https: address(flags.https),
    worker,
    ...(flags.socket !== undefined && { socket: flags.socket })
  })
  const host = http.host === "127.0.0.1" ? "localhost" : http.host
  process.stdout.write(banner(started, host, Math.round(performance.now() - begun)))
}

const seedOf = (noun: string | undefined, name: string, flags: Flags): Seed => {
  const { email, scopes, owner } = flags
  if (noun === "user") {
    return { users: [{ login: name, ...(flags.name && { name: flags.name }), ...(email && { email }) }] }
  }
  if (noun === "token") return { tokens: [{ user: name, ...(scopes && { scopes: scopes.split(",") }) }] }
  if (noun === "org") return { orgs: [{ login: name, ...(owner && { owners: [owner] }) }] }
  return { repos: [{ name, private: flags.private ?? false, init: flags.init ?? false }] }
}

const printMade = (made: ReadonlyArray<Made>): void => {
  for (const one of made) process.stdout.write(`${one.token ?? `${one.made} ${one.name}`}\n`)
}

const dispatch = async (args: ReadonlyArray<string>, worker: URL): Promise<void> => {
  const { values: flags, positionals } = parse(args)
  const [noun = "up", verb, name] = positionals
  if (flags.help === true) return void process.stdout.write(usage)
  if (noun === "up") return up(flags, worker)
  const state = stateFolder(flags)
  if (noun === "seed" && verb !== undefined) {
    const { parse: parseYaml } = await import("yaml")
    const seed: Seed = parseYaml(await readFile(verb, "utf8"))
    return printMade(await askServer(state, flags.socket, seed))
  }
  if (["user", "token", "org", "repo"].includes(noun) && verb === "add" && name !== undefined) {
    return printMade(await askServer(state, flags.socket, seedOf(noun, name, flags)))
  }
  throw new BadUsage(`bleephub knows no "${positionals.join(" ")}"`)
}

/** Runs one command line and returns the exit code; a started server keeps the process alive. */
export const main = async (args: ReadonlyArray<string>, worker: URL): Promise<number> => {
  try {
    await dispatch(args, worker)
    return 0
  } catch (error) {
    if (error instanceof BadUsage || error instanceof TypeError) {
      process.stderr.write(`${error.message}\n\n${usage}`)
      return 2
    }
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`bleephub: ${message}\n`)
    return error instanceof NotRunning ? 3 : 1
  }
}

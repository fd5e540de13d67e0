import { configOf } from "../config/config.ts"
import { withConfigFile } from "../config/config-file.ts"
import type { LaunchFiles } from "../launch/launch-order.ts"
import { commonFlags, daemonFlags, doctorFlags, type Flag, statusFlags, tlsFlags } from "./flags.ts"
import { type Given, parseFlags } from "./parse.ts"
import { usage } from "./usage.ts"
import { version } from "./version.ts"

const EXIT_USAGE = 2

type Command = keyof typeof usage

const flagsOf: Readonly<Record<Command, ReadonlyArray<Flag>>> = {
  run: daemonFlags,
  doctor: doctorFlags,
  status: statusFlags,
  tls: tlsFlags
}

const say = (text: string) => process.stdout.write(text.endsWith("\n") ? text : `${text}\n`)

const misuse = (command: Command, why: string): number => {
  process.stderr.write(`sockerlessd: ${why}\n\n${usage[command]()}`)
  return EXIT_USAGE
}

const failure = (why: string): number => {
  process.stderr.write(`sockerlessd: ${why}\n`)
  return 1
}

const run = async (given: Given, files: LaunchFiles): Promise<number> => {
  const merged = withConfigFile(given)
  if ("wrong" in merged) return failure(merged.wrong)
  const config = configOf(merged)
  if ("wrong" in config) return misuse("run", config.wrong)
  const { launch } = await import("../launch/launch.ts")
  return failure((await launch(config, files)).wrong)
}

const runCommand = async (command: Command, given: Given, files: LaunchFiles): Promise<number> => {
  const [unexpected] = given.positionals.slice(command === "run" ? 0 : command === "tls" ? 2 : 1)
  if (unexpected !== undefined) return misuse(command, `unknown command or argument "${unexpected}"`)
  switch (command) {
    case "doctor":
      return (await import("../doctor/doctor.ts")).doctor(given, say)
    case "status":
      return (await import("../status/status.ts")).status(given, say)
    case "tls":
      if (given.positionals[1] !== "init") return misuse("tls", `write "sockerlessd tls init"`)
      return (await import("../tls/init.ts")).tlsInit(given, say)
    case "run":
      return run(given, files)
  }
}

const commandOf = (args: ReadonlyArray<string>): Command => {
  const [first] = args
  return first === "doctor" || first === "status" || first === "tls" ? first : "run"
}

/** Runs one command line; the result is the exit code. Starting the daemon replaces this process. */
export const main = async (args: ReadonlyArray<string>, files: LaunchFiles): Promise<number> => {
  const command = commandOf(args)
  const given = parseFlags(args, [...flagsOf[command], ...commonFlags])
  if ("usageError" in given) return misuse(command, given.usageError)
  if (given.switches.get("help") === true) {
    say(usage[command]())
    return 0
  }
  if (given.switches.get("version") === true) {
    say(`sockerlessd version ${version}`)
    return 0
  }
  return runCommand(command, given, files)
}

import { readFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { bundleOf, type RuntimeFolders } from "./bundle.ts"
import { grantedCapabilities } from "./capabilities.ts"
import type { Tools } from "./detect.ts"
import { attempt, RuntimeFailed, type StartFailed } from "./faults.ts"
import { type Running, runtimeCommand } from "./launch.ts"
import { environmentOf, ociProcess } from "./oci-config.ts"
import { resolveUser } from "./users.ts"

export interface ExecRequest {
  readonly id: string
  readonly argv: ReadonlyArray<string>
  /** Overrides and additions to the container's own environment. */
  readonly env: ReadonlyArray<string>
  /** Empty for the container's. */
  readonly workingDir: string
  /** Empty for the container's. */
  readonly user: string
  readonly privileged: boolean
  readonly tty: boolean
  readonly consoleSize: { readonly rows: number; readonly columns: number } | undefined
}

/** What the container itself was started with, as far as an exec inherits it. */
export interface ExecDefaults {
  readonly env: ReadonlyArray<string>
  readonly workingDir: string
  readonly user: string
  readonly groupAdd: ReadonlyArray<string>
  readonly hostname: string | undefined
  readonly capAdd: ReadonlyArray<string>
  readonly capDrop: ReadonlyArray<string>
  readonly privileged: boolean
  readonly noNewPrivileges: boolean
  /** Folders to look users up in, highest first. */
  readonly accounts: ReadonlyArray<string>
}

/** The command that runs an exec; its runtime log tells why it could not start, its pid file that it did. */
export interface ExecCommand {
  readonly command: ReadonlyArray<string>
  readonly pidFile: string
  readonly logFile: string
}

const merged = (base: ReadonlyArray<string>, over: ReadonlyArray<string>): ReadonlyArray<string> => {
  const nameOf = (entry: string) => entry.split("=", 1)[0] ?? ""
  const names = new Set(over.map(nameOf))
  return [...base.filter((entry) => !names.has(nameOf(entry))), ...over]
}

/** The process in the bundle's config.json, for what an exec does not say. */
const BundleProcess = Schema.fromJsonString(Schema.Struct({ process: Schema.Struct({ cwd: Schema.String }) }))

const containerFolder = (config: string): Effect.Effect<string, RuntimeFailed> =>
  Effect.map(
    Effect.mapError(
      Schema.decodeUnknownEffect(BundleProcess)(readFileSync(config, "utf8")),
      (error) => new RuntimeFailed({ step: `read ${config}`, reason: error.message })
    ),
    ({ process }) => process.cwd
  )

/** Writes the exec's process file and returns the command that runs it with the caller's stdio. */
export const execCommand = Effect.fn("oci.exec")(function* (
  tools: Tools,
  folders: RuntimeFolders,
  running: Running,
  defaults: ExecDefaults,
  request: ExecRequest
): Effect.fn.Return<ExecCommand, StartFailed | RuntimeFailed> {
  const bundle = bundleOf(folders, running.id)
  const user = yield* resolveUser(
    defaults.accounts,
    request.user === "" ? defaults.user : request.user,
    defaults.groupAdd
  )
  const process = ociProcess({
    argv: request.argv,
    env: environmentOf({
      env: merged(defaults.env, request.env),
      tty: request.tty,
      hostname: defaults.hostname,
      home: user.home
    }),
    cwd: request.workingDir === "" ? yield* containerFolder(bundle.config) : request.workingDir,
    user,
    tty: request.tty,
    consoleSize: request.consoleSize,
    capabilities: grantedCapabilities({
      privileged: request.privileged || defaults.privileged,
      add: defaults.capAdd,
      drop: defaults.capDrop,
      available: tools.host.limits.capabilities
    }),
    noNewPrivileges: defaults.noNewPrivileges
  })
  const file = (suffix: string) => join(bundle.folder, `exec-${request.id.slice(0, 16)}.${suffix}`)
  yield* attempt(`write ${file("json")}`, () => writeFile(file("json"), JSON.stringify(process)))
  const command = [
    ...runtimeCommand(tools, folders, running.monitorPid),
    ...["--log", file("log"), "--log-format", "json"],
    ...["exec", "--process", file("json"), "--pid-file", file("pid")],
    ...(request.tty ? ["--tty"] : []),
    running.id
  ]
  return { command, pidFile: file("pid"), logFile: file("log") }
})

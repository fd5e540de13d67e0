import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { type Session, startSession, unstartedSession } from "../stdio/exec-session.ts"
import { startTerminalSession } from "../stdio/terminal-session.ts"
import { bundleOf, execFolderOf, type RuntimeFolders } from "./bundle.ts"
import { grantedCapabilities } from "./capabilities.ts"
import type { Tools } from "./detect.ts"
import { attempt, RuntimeFailed, type StartFailed } from "./faults.ts"
import { quietMonitor, type Running } from "./launch.ts"
import { environmentOf, ociProcess } from "./oci-config.ts"
import { removeFolder } from "./remove-folder.ts"
import { besideMonitor, runtimeCommand } from "./runtime-command.ts"
import { execFailure, lastErrorOf } from "./start-faults.ts"
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
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly consoleSize: { readonly rows: number; readonly columns: number } | undefined
  /** A file of its own on disk: what the terminal of an exec with one shows is kept there while it is read. */
  readonly terminalLog: string
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

const processOf = Effect.fnUntraced(function* (
  tools: Tools,
  folders: RuntimeFolders,
  running: Running,
  defaults: ExecDefaults,
  request: ExecRequest
): Effect.fn.Return<object, StartFailed | RuntimeFailed> {
  const user = yield* resolveUser(
    defaults.accounts,
    request.user === "" ? defaults.user : request.user,
    defaults.groupAdd
  )
  return ociProcess({
    argv: request.argv,
    env: environmentOf({
      env: merged(defaults.env, request.env),
      tty: request.tty,
      hostname: defaults.hostname,
      home: user.home
    }),
    cwd: request.workingDir === "" ? yield* containerFolder(bundleOf(folders, running.id).config) : request.workingDir,
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
})

const failureOf = (program: string) => (log: string) =>
  execFailure(program, lastErrorOf(log) ?? "the runtime did not say why")

const withPipes = Effect.fnUntraced(function* (
  tools: Tools,
  folders: RuntimeFolders,
  running: Running,
  process: object,
  request: ExecRequest
): Effect.fn.Return<Session, RuntimeFailed> {
  const bundle = bundleOf(folders, running.id)
  const file = (suffix: string) => join(bundle.folder, `exec-${request.id.slice(0, 16)}.${suffix}`)
  const files = { process: file("json"), pidFile: file("pid"), logFile: file("log") }
  yield* attempt(`write ${files.process}`, async () => writeFileSync(files.process, JSON.stringify(process)))
  const command = [
    ...runtimeCommand(tools, folders, running.monitorPid),
    ...["--log", files.logFile, "--log-format", "json"],
    ...["exec", "--process", files.process, "--pid-file", files.pidFile, running.id]
  ]
  return yield* attempt(`start exec ${request.id}`, () =>
    startSession({
      command,
      ...files,
      stdin: request.stdin,
      stdout: request.stdout,
      stderr: request.stderr,
      failure: failureOf(request.argv[0] ?? ""),
      forget: () => Object.values(files).forEach((path) => rmSync(path, { force: true }))
    })
  )
})

const monitorCommand = (
  tools: Tools,
  folders: RuntimeFolders,
  running: Running,
  request: ExecRequest
): ReadonlyArray<string> => {
  const files = execFolderOf(folders, running.id, request.id)
  return [
    ...besideMonitor(tools, running.monitorPid),
    ...[tools.monitor.path, "--api-version", "1", "-c", running.id, "-u", request.id, "-r", tools.runtime.path],
    ...["--runtime-arg", "--root", "--runtime-arg", folders.runtimeState],
    ...["--runtime-arg", "--log", "--runtime-arg", files.runtimeLog],
    ...["--runtime-arg", "--log-format", "--runtime-arg", "json"],
    ...["-b", files.folder, "-p", files.pidFile, "-P", files.monitorPidFile, "-l", `k8s-file:${request.terminalLog}`],
    ...quietMonitor,
    ...["-t", "-i", "--leave-stdin-open", "-e", "--exec-process-spec", files.process]
  ]
}

const withTerminal = Effect.fnUntraced(function* (
  tools: Tools,
  folders: RuntimeFolders,
  running: Running,
  process: object,
  request: ExecRequest
): Effect.fn.Return<Session, RuntimeFailed> {
  const files = execFolderOf(folders, running.id, request.id)
  yield* attempt(`prepare exec ${request.id}`, async () => {
    mkdirSync(files.folder, { recursive: true, mode: 0o700 })
    writeFileSync(files.process, JSON.stringify(process))
  })
  const session = yield* attempt(`start exec ${request.id}`, () =>
    startTerminalSession({
      command: monitorCommand(tools, folders, running, request),
      outputLog: request.terminalLog,
      attachSocket: files.attachSocket,
      control: files.control,
      logFile: files.runtimeLog,
      stdin: request.stdin,
      failure: failureOf(request.argv[0] ?? ""),
      forget: () => {
        removeFolder(files.folder)
        rmSync(request.terminalLog, { force: true })
      }
    })
  )
  return session
})

const UNSTARTABLE_EXIT_CODE = 126

/** Runs a process in a container. Resolves when it runs, or with its failure told as output and exit code. */
export const startExec = Effect.fn("oci.exec")(function* (
  tools: Tools,
  folders: RuntimeFolders,
  running: Running,
  defaults: ExecDefaults,
  request: ExecRequest
): Effect.fn.Return<Session, RuntimeFailed> {
  return yield* processOf(tools, folders, running, defaults, request).pipe(
    Effect.flatMap((process) => (request.tty ? withTerminal : withPipes)(tools, folders, running, process, request)),
    Effect.catchTag("StartFailed", ({ text }) =>
      Effect.succeed(unstartedSession({ text, exitCode: UNSTARTABLE_EXIT_CODE }, request.tty))
    )
  )
})

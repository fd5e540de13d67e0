import { spawn } from "node:child_process"
import { closeSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { mknod } from "@sockerless/libc"
import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { type Bundle, bundleOf, type RuntimeFolders } from "./bundle.ts"
import type { Tools } from "./detect.ts"
import { openStdinFifo } from "../stdio/stdin.ts"
import { syncWord } from "../stdio/sync-message.ts"
import { attempt, reasonOf, RuntimeFailed, type StartFailed } from "./faults.ts"
import { letGo } from "./let-go.ts"
import { ociConfig } from "./oci-config.ts"
import { startTicksOf } from "./processes.ts"
import type { ContainerSpec } from "./spec.ts"
import { createFailure, lastErrorOf } from "./start-faults.ts"
import { resolveUser } from "./users.ts"

/** A started container: pid and start ticks name its main process for ever. */
export interface Running {
  readonly id: string
  readonly pid: number
  readonly startTicks: number
  readonly monitorPid: number
}

export interface Launched {
  readonly running: Running
  /** Our end of a stdin FIFO in mode "once": closing it is the process's EOF. */
  readonly stdinFd: number | undefined
}

const S_IFIFO = 0o010000

/**
 * Runs in a mount namespace of its own: the overlay mounted here disappears by itself when the monitor and the
 * container are gone, so a crash leaves no mount. $1: whether to hide the v2 cgroup mount (by a tmpfs,
 * because crun writes there all the same and the folder below is the host's), $2: overlay options,
 * $3: bundle folder; the rest is the monitor's command line. The working folder holds the layers, so that the option
 * string stays below one page.
 */
const LAUNCH = `set -e
if [ "$1" = hide ]; then
  umount /sys/fs/cgroup/unified
  mount -t tmpfs -o size=1m,mode=755 tmpfs /sys/fs/cgroup/unified
fi
mount -t overlay -o "$2" overlay "$3/rootfs"
cd "$3"
shift 3
exec "$@"`

/** Options of the overlay mount. Lowest layer last, as overlayfs wants it. */
export const overlayOptions = (rootfs: ContainerSpec["rootfs"]): string =>
  `lowerdir=${rootfs.layers.toReversed().join(":")},upperdir=${rootfs.upper},workdir=${rootfs.work}`

/** Layer folders as the container sees them, the writable one first: for reading small files before it runs. */
export const layersHighestFirst = (rootfs: ContainerSpec["rootfs"]): ReadonlyArray<string> => [
  rootfs.upper,
  ...rootfs.layers.toReversed().map((layer) => join(rootfs.layersFolder, layer))
]

/**
 * Puts the container's stdin FIFO on fd 0. For "once" the FIFO is opened read-only while fd 3 keeps a writer for the
 * moment, so that open does not block and the process sees EOF as soon as the daemon, the only other writer, closes
 * or dies. For "open" it is opened for reading and writing: EOF never comes, and a dead daemon does no harm.
 */
const stdinWrapper = (spec: ContainerSpec, tools: Tools, bundle: Bundle): string =>
  spec.stdin === "once"
    ? `#!/bin/sh\nexec 3<>'${bundle.stdin}' 0<'${bundle.stdin}' 3>&-\nexec '${tools.runtime.path}' "$@"\n`
    : `#!/bin/sh\nexec 0<>'${bundle.stdin}'\nexec '${tools.runtime.path}' "$@"\n`

const usesStdinFifo = (spec: ContainerSpec): boolean => spec.stdin !== "none" && !spec.tty

/** A handful of calls on a tmpfs: each turn of the thread pool would cost more than all of them. */
const prepare = (spec: ContainerSpec, tools: Tools, bundle: Bundle, config: object) =>
  attempt(`prepare bundle ${bundle.folder}`, async () => {
    // The last run's end goes first: after a crash it must not be taken for this one's.
    rmSync(bundle.exitFile, { force: true })
    rmSync(bundle.runtimeState, { recursive: true, force: true })
    mkdirSync(bundle.rootfs, { recursive: true, mode: 0o711 })
    const stale = [bundle.pidFile, bundle.monitorPidFile, bundle.oomFile, bundle.stdin]
    for (const file of [...stale, bundle.runtimeLog]) rmSync(file, { force: true })
    writeFileSync(bundle.config, JSON.stringify(config))
    if (!usesStdinFifo(spec)) return
    mknod(bundle.stdin, S_IFIFO | 0o600, 0)
    writeFileSync(bundle.runtimeWrapper, stdinWrapper(spec, tools, bundle), { mode: 0o700 })
  })

/** What every monitor of ours is told. Output is in the page cache when it ends; waiting for the disk saves no process. */
export const quietMonitor: ReadonlyArray<string> = ["--full-attach", "--no-sync-log", "--log-level", "error"]

const monitorArguments = (spec: ContainerSpec, tools: Tools, folders: RuntimeFolders, logPath: string) => {
  const bundle = bundleOf(folders, spec.id)
  return [
    tools.monitor.path,
    ...["--api-version", "1", "-c", spec.id, "-u", spec.id, "-n", spec.id.slice(0, 12)],
    ...["-r", usesStdinFifo(spec) ? bundle.runtimeWrapper : tools.runtime.path],
    ...["--runtime-arg", "--root", "--runtime-arg", folders.runtimeState],
    ...["--runtime-arg", "--log", "--runtime-arg", bundle.runtimeLog],
    ...["--runtime-arg", "--log-format", "--runtime-arg", "json"],
    ...["-b", bundle.folder, "-p", bundle.pidFile, "-P", bundle.monitorPidFile],
    ...["-l", `k8s-file:${logPath}`, "--exit-dir", folders.exits, ...quietMonitor],
    ...(spec.logLimitBytes === undefined ? [] : ["--log-size-max", String(spec.logLimitBytes)]),
    ...(spec.tty ? ["-t"] : []),
    ...(spec.tty && spec.stdin !== "none" ? ["-i", "--leave-stdin-open"] : [])
  ]
}

/** A runtime that neither succeeds nor fails in this time is stuck; the start is given up. */
const CREATE_TIMEOUT_MILLIS = 60_000

interface Created {
  readonly pid: number
  readonly message: string
}

/** Spawns the monitor and waits for its word on the sync pipe (conmon writes `{"data": pid}` or a negative number). */
const spawnMonitor = (command: ReadonlyArray<string>, workingFolder: string): Effect.Effect<Created> =>
  Effect.callback<Created>((resume) => {
    const child = spawn("unshare", ["-m", "--propagation", "slave", "sh", "-c", LAUNCH, "launch", ...command], {
      cwd: workingFolder,
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], _OCI_SYNCPIPE: "3" },
      detached: true
    })
    const sync = child.stdio[3] as Readable
    let heard = ""
    let complaints = ""
    const finish = (created: Created) => {
      clearTimeout(timer)
      sync.destroy()
      child.stderr?.destroy()
      child.unref()
      resume(Effect.succeed(created))
    }
    const timer = setTimeout(
      () => finish({ pid: -1, message: `the runtime did not answer within ${CREATE_TIMEOUT_MILLIS} ms` }),
      CREATE_TIMEOUT_MILLIS
    )
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (complaints += text))
    child.once("error", (error) => finish({ pid: -1, message: error.message }))
    sync.setEncoding("utf8").on("data", (text: string) => {
      heard += text
      const line = heard.split("\n").find((candidate) => candidate.trim() !== "")
      const word = line === undefined ? undefined : syncWord(line)
      if (word !== undefined) finish({ pid: word.number, message: word.message ?? complaints })
    })
    sync.on("end", () => finish({ pid: -1, message: complaints.trim() || "the monitor ended without a word" }))
  })

const readPid = (file: string): number => {
  const pid = Number(readFileSync(file, "utf8"))
  return Number.isInteger(pid) ? pid : 0
}

const readLog = (file: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    const handle = await open(file, constants.O_RDONLY).catch(() => undefined)
    if (handle === undefined) return ""
    const text = await handle.readFile("utf8")
    await handle.close()
    return text
  })

const openStdin = (path: string): Effect.Effect<number, RuntimeFailed> =>
  Effect.try({
    try: () => openStdinFifo(path),
    catch: (cause) => new RuntimeFailed({ step: `open stdin ${path}`, reason: reasonOf(cause) })
  })

/**
 * Starts a container and returns when its process has been let go. The network namespace it names exists already.
 * A failure leaves the bundle behind for `remove`, and no process.
 */
export const launch = Effect.fn("oci.launch")(function* (
  tools: Tools,
  folders: RuntimeFolders,
  spec: ContainerSpec,
  logPath: string
): Effect.fn.Return<Launched, StartFailed | RuntimeFailed> {
  const bundle = bundleOf(folders, spec.id)
  const user = yield* resolveUser(layersHighestFirst(spec.rootfs), spec.user, spec.groupAdd)
  const config = yield* ociConfig(spec, user, tools.host, bundle.rootfs)
  yield* prepare(spec, tools, bundle, config)
  killpoint("oci.launch.after-bundle")
  // Before the process can look: without a writer it would see EOF at once.
  const stdinFd = spec.stdin === "once" && !spec.tty ? yield* openStdin(bundle.stdin) : undefined
  killpoint("oci.launch.before-monitor")
  const program = spec.argv[0] ?? ""
  const created = yield* spawnMonitor(
    [
      tools.hidesUnifiedCgroup ? "hide" : "keep",
      overlayOptions(spec.rootfs),
      bundle.folder,
      ...monitorArguments(spec, tools, folders, logPath)
    ],
    spec.rootfs.layersFolder
  )
  killpoint("oci.launch.after-monitor")
  if (created.pid <= 0) {
    if (stdinFd !== undefined) closeSync(stdinFd)
    const reason = lastErrorOf(yield* readLog(bundle.runtimeLog)) ?? created.message
    return yield* Effect.fail(createFailure(program, reason.trim()))
  }
  const monitorPid = yield* Effect.sync(() => readPid(bundle.monitorPidFile))
  const startTicks = startTicksOf(created.pid)
  const held = yield* letGo(tools, folders, spec.id, monitorPid)
  killpoint("oci.launch.after-start")
  if (held !== undefined) {
    if (stdinFd !== undefined) closeSync(stdinFd)
    return yield* Effect.fail(createFailure(program, held))
  }
  return { running: { id: spec.id, pid: created.pid, startTicks: startTicks ?? 0, monitorPid }, stdinFd }
})

import { Effect, Queue, Schedule } from "effect"
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  type ContainerSpec,
  detectTools,
  type Exit,
  findProgram,
  launch,
  release,
  remove,
  type Tools,
  watchExits
} from "../../src/index.ts"
import { childCgroups, killCgroup, removeCgroup } from "../../src/container/cgroups.ts"

/** Why container tests cannot run here; undefined when they can. */
export const missing: string | undefined =
  process.getuid?.() !== 0
    ? "needs root"
    : !existsSync("/bin/busybox")
      ? "needs busybox-static"
      : spawnSync("conmon", ["--version"]).status !== 0
        ? "needs conmon"
        : undefined

/** The machine's tools with this runtime in place of the one that was chosen. */
const withRuntime = Effect.fnUntraced(function* (tools: Tools, name: "crun" | "runc" | undefined) {
  const path = name === undefined || tools.runtime.name === name ? undefined : yield* findProgram([name])
  return name === undefined || path === undefined
    ? tools
    : {
        ...tools,
        runtime: { name, path, version: "" },
        hidesUnifiedCgroup: name === "crun" && tools.cgroups === "hybrid"
      }
})

const until = (holds: () => boolean): Effect.Effect<void> =>
  Effect.retry(
    Effect.suspend(() => (holds() ? Effect.void : Effect.fail("not yet"))),
    { schedule: Schedule.spaced("10 millis"), times: 1000 }
  ).pipe(Effect.orDie)

/** A machine for one test: a busybox layer, folders, and a cgroup parent nobody else uses. */
export const machineWith = Effect.fnUntraced(function* (runtime?: "crun" | "runc") {
  const root = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "oci-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  const layer = join(root, "layers", "busybox")
  for (const folder of ["bin", "etc", "tmp", "proc", "sys", "dev", "home/app", "usr/bin"])
    mkdirSync(join(layer, folder), { recursive: true })
  copyFileSync("/bin/busybox", join(layer, "bin/busybox"))
  for (const applet of spawnSync("/bin/busybox", ["--list"], { encoding: "utf8" }).stdout.split("\n")) {
    if (applet !== "" && applet !== "busybox") symlinkSync("busybox", join(layer, "bin", applet))
  }
  writeFileSync(join(layer, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n")
  writeFileSync(join(layer, "etc/group"), "root:x:0:\napp:x:1000:\nextra:x:2000:app\n")
  const tools: Tools = yield* withRuntime(yield* detectTools, runtime)
  const folders = {
    bundles: join(root, "bundles"),
    exits: join(root, "exits"),
    execs: join(root, "execs"),
    runtimeState: join(root, "state")
  }
  for (const folder of Object.values(folders)) mkdirSync(folder)
  const cgroupParent = `/sockerless-test-${randomBytes(3).toString("hex")}`
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const id of childCgroups(tools.cgroups, cgroupParent)) killCgroup(tools.cgroups, `${cgroupParent}/${id}`)
    }).pipe(Effect.andThen(Effect.suspend(() => until(() => removeCgroup(tools.cgroups, cgroupParent)))))
  )
  const { exits } = yield* watchExits(folders)
  const spec = (over: Partial<ContainerSpec> = {}): ContainerSpec => {
    const id = over.id ?? randomBytes(32).toString("hex")
    const upper = join(root, id, "upper")
    const work = join(root, id, "work")
    mkdirSync(upper, { recursive: true })
    mkdirSync(work, { recursive: true })
    return {
      id,
      rootfs: { layers: ["busybox"], layersFolder: join(root, "layers"), upper, work, readOnly: false },
      argv: ["true"],
      env: [],
      workingDir: "/",
      user: "",
      groupAdd: [],
      stdin: "none",
      tty: false,
      hostname: "box",
      domainname: "",
      privileged: false,
      capAdd: [],
      capDrop: [],
      noNewPrivileges: false,
      seccomp: "default",
      maskedPaths: undefined,
      readonlyPaths: undefined,
      sysctls: {},
      logLimitBytes: undefined,
      ulimits: [],
      oomScoreAdj: 0,
      shmSizeBytes: 64 * 1024 * 1024,
      devices: [],
      deviceCgroupRules: [],
      mounts: [],
      resources: {},
      cgroupPath: `${cgroupParent}/${id}`,
      namespaces: { network: "host", pid: "private", ipc: "private", uts: "private", cgroup: "host" },
      initPath: undefined,
      ...over
    }
  }
  const logOf = (id: string) => join(root, id, "log")
  const started = (over: Partial<ContainerSpec>) => {
    const wanted = spec(over)
    return Effect.map(launch(tools, folders, wanted, logOf(wanted.id)), ({ running, stdinFd }) => ({
      running,
      stdinFd,
      spec: wanted
    }))
  }
  const exitOf = (id: string): Effect.Effect<Exit> =>
    Effect.flatMap(Queue.take(exits), (exit) => (exit.id === id ? Effect.succeed(exit) : exitOf(id)))
  /** Runs to the end and gives what was printed and how it ended. */
  const run = (over: Partial<ContainerSpec>) =>
    Effect.gen(function* () {
      const { spec: wanted } = yield* started(over)
      const exit = yield* exitOf(wanted.id)
      yield* release(tools, folders, wanted.id, wanted.cgroupPath)
      const output = readFileSync(logOf(wanted.id), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split(" ").slice(3).join(" "))
        .join("\n")
      yield* remove(tools, folders, wanted.id, wanted.cgroupPath)
      return { exit, output }
    })
  return { root, tools, folders, cgroupParent, spec, started, run, exitOf, logOf }
})

export const machine = machineWith()

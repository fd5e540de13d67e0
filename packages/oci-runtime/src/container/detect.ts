import { Effect } from "effect"
import { access, constants, readFile } from "node:fs/promises"
import { delimiter, join } from "node:path"
import { attempt, RuntimeFailed, reasonOf } from "./faults.ts"
import { readHostLimits } from "./host-limits.ts"
import type { HostFacts } from "./oci-config.ts"
import { runCommand } from "./run-command.ts"
import { parseSeccompProfile } from "./seccomp.ts"

export type CgroupLayout = "v1" | "v2" | "hybrid"

/** The tools of this machine that run containers. */
export interface Tools {
  readonly runtime: { readonly name: "crun" | "runc"; readonly path: string }
  readonly monitor: { readonly path: string }
  /** tini, for `--init`; undefined when the machine has none. */
  readonly initPath: string | undefined
  readonly cgroups: CgroupLayout
  /** crun refuses a hybrid layout, so it runs where the v2 part is unmounted. */
  readonly hidesUnifiedCgroup: boolean
  readonly host: HostFacts
}

/** Folders searched beside PATH: daemons are often started with a short one. */
const folders = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin", "/usr/libexec/podman"]
const seccompFiles = ["/usr/share/containers/seccomp.json", "/etc/containers/seccomp.json"]

/** The first of these programs on this machine. */
export const findProgram = Effect.fnUntraced(function* (
  names: ReadonlyArray<string>
): Effect.fn.Return<string | undefined> {
  for (const name of names) {
    for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), ...folders]) {
      const path = join(folder, name)
      const usable = yield* Effect.promise(() =>
        access(path, constants.X_OK).then(
          () => true,
          () => false
        )
      )
      if (folder !== "" && usable) return path
    }
  }
  return undefined
})

/** How the controllers are mounted, read from the mount table this process sees. */
export const cgroupLayout: Effect.Effect<CgroupLayout, RuntimeFailed> = Effect.map(
  attempt("read the mount table", () => readFile("/proc/self/mounts", "utf8")),
  (mounts) => {
    const types = new Set(mounts.split("\n").map((line) => line.split(" ")[2]))
    if (!types.has("cgroup")) return "v2"
    return types.has("cgroup2") ? "hybrid" : "v1"
  }
)

const versionOf = (path: string): Effect.Effect<string, RuntimeFailed> =>
  Effect.map(runCommand([path, "--version"]), ({ stdout }) => /version:? (\S+)/.exec(stdout)?.[1] ?? "unknown")

/** Asks runtime and monitor for their versions: two processes, which a start does not wait for. */
export const versionsOf = (
  tools: Tools
): Effect.Effect<{ readonly runtime: string; readonly monitor: string }, RuntimeFailed> =>
  Effect.all({ runtime: versionOf(tools.runtime.path), monitor: versionOf(tools.monitor.path) }, { concurrency: 2 })

const defaultSeccomp: Effect.Effect<HostFacts["defaultSeccomp"], RuntimeFailed> = Effect.gen(function* () {
  for (const file of seccompFiles) {
    const text = yield* Effect.promise(() => readFile(file, "utf8").catch(() => undefined))
    if (text === undefined) continue
    return yield* Effect.mapError(
      parseSeccompProfile(text),
      (error) => new RuntimeFailed({ step: `read seccomp profile ${file}`, reason: reasonOf(error) })
    )
  }
  return undefined
})

const required = (what: string, path: string | undefined, packages: string): Effect.Effect<string, RuntimeFailed> =>
  path === undefined
    ? Effect.fail(new RuntimeFailed({ step: `find ${what}`, reason: `not installed; install the package ${packages}` }))
    : Effect.succeed(path)

/** Finds runtime and monitor. crun is preferred because it starts a container in half of runc's time (measured). */
export const detectTools: Effect.Effect<Tools, RuntimeFailed> = Effect.gen(function* () {
  const [crun, runc, conmon, initPath, cgroups, limits, seccomp] = yield* Effect.all(
    [
      findProgram(["crun"]),
      findProgram(["runc"]),
      findProgram(["conmon"]),
      findProgram(["tini-static", "tini", "docker-init", "catatonit"]),
      cgroupLayout,
      attempt("read our limits", readHostLimits),
      defaultSeccomp
    ],
    { concurrency: "unbounded" }
  )
  const runtimePath = yield* required("an OCI runtime", crun ?? runc, "crun or runc")
  const monitorPath = yield* required("the container monitor", conmon, "conmon")
  const name = crun === undefined ? "runc" : "crun"
  return {
    runtime: { name, path: runtimePath },
    monitor: { path: monitorPath },
    initPath,
    cgroups,
    hidesUnifiedCgroup: name === "crun" && cgroups === "hybrid",
    host: { limits, defaultSeccomp: seccomp }
  }
})

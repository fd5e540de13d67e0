import { Effect } from "effect"
import { grantedCapabilities } from "./capabilities.ts"
import { devicesOf } from "./devices.ts"
import { StartFailed, type RuntimeFailed } from "./faults.ts"
import { type HostLimits, rlimitsFor } from "./host-limits.ts"
import { maskedPathsOf, mountsOf, readonlyPathsOf } from "./oci-mounts.ts"
import { ociResources } from "./oci-resources.ts"
import { parseSeccompProfile, seccompFor, type SeccompProfile } from "./seccomp.ts"
import type { ContainerSpec, Namespaces } from "./spec.ts"
import type { ResolvedUser } from "./users.ts"

/** What the machine contributes to every container. */
export interface HostFacts {
  readonly limits: HostLimits
  /** Undefined where the distribution ships none; then `default` is refused rather than dropped. */
  readonly defaultSeccomp: SeccompProfile | undefined
}

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

const has = (env: ReadonlyArray<string>, name: string): boolean => env.some((entry) => entry.startsWith(`${name}=`))

/** Docker's additions: PATH first, TERM with a terminal, HOSTNAME and HOME unless they are given. */
export const environmentOf = (options: {
  readonly env: ReadonlyArray<string>
  readonly tty: boolean
  readonly hostname: string | undefined
  readonly home: string
}): ReadonlyArray<string> => {
  const { env } = options
  return [
    ...(has(env, "PATH") ? [] : [DEFAULT_PATH]),
    ...(options.hostname === undefined || has(env, "HOSTNAME") ? [] : [`HOSTNAME=${options.hostname}`]),
    ...(options.tty && !has(env, "TERM") ? ["TERM=xterm"] : []),
    ...env.filter((entry) => entry.includes("=")),
    ...(has(env, "HOME") ? [] : [`HOME=${options.home}`])
  ]
}

const namespacesOf = (namespaces: Namespaces) => {
  const one = (type: string, value: "private" | "host" | { readonly path: string }) =>
    value === "host" ? [] : [value === "private" ? { type } : { type, path: value.path }]
  return [
    { type: "mount" },
    ...one("network", namespaces.network),
    ...one("pid", namespaces.pid),
    ...one("ipc", namespaces.ipc),
    ...one("uts", namespaces.uts),
    ...(namespaces.cgroup === "private" ? [{ type: "cgroup" }] : [])
  ]
}

/** The seccomp section for a process with these capabilities; undefined for an unconfined one. */
export const seccompOf = Effect.fnUntraced(function* (
  spec: Pick<ContainerSpec, "privileged" | "seccomp">,
  host: HostFacts,
  capabilities: ReadonlyArray<string>
): Effect.fn.Return<ReturnType<typeof seccompFor> | undefined, StartFailed> {
  if (spec.seccomp === "unconfined" || (spec.privileged && spec.seccomp === "default")) return undefined
  if (spec.seccomp === "default") {
    if (host.defaultSeccomp !== undefined) return seccompFor(host.defaultSeccomp, capabilities)
    return yield* Effect.fail(
      new StartFailed({
        text: "no default seccomp profile on this machine: install the package golang-github-containers-common, or run with --security-opt seccomp=unconfined",
        exitCode: 128
      })
    )
  }
  const profile = yield* Effect.mapError(
    parseSeccompProfile(spec.seccomp),
    (error) => new StartFailed({ text: `Decoding seccomp profile failed: ${error.message}`, exitCode: 128 })
  )
  return seccompFor(profile, capabilities)
})

const capabilitySets = (granted: ReadonlyArray<string>, uid: number) => ({
  bounding: granted,
  // A process that is not root keeps capabilities only through the bounding set, as Docker does it.
  effective: uid === 0 ? granted : [],
  permitted: uid === 0 ? granted : [],
  inheritable: [],
  ambient: []
})

/** The `process` object for the main process or, with another argv, for an exec. */
export const ociProcess = (options: {
  readonly argv: ReadonlyArray<string>
  readonly env: ReadonlyArray<string>
  readonly cwd: string
  readonly user: ResolvedUser
  readonly tty: boolean
  readonly consoleSize: { readonly rows: number; readonly columns: number } | undefined
  readonly capabilities: ReadonlyArray<string>
  readonly noNewPrivileges: boolean
}) => ({
  terminal: options.tty,
  ...(options.consoleSize === undefined || !options.tty
    ? {}
    : { consoleSize: { height: options.consoleSize.rows, width: options.consoleSize.columns } }),
  user: { uid: options.user.uid, gid: options.user.gid, additionalGids: options.user.additionalGids },
  args: options.argv,
  env: options.env,
  cwd: options.cwd === "" ? "/" : options.cwd,
  capabilities: capabilitySets(options.capabilities, options.user.uid),
  noNewPrivileges: options.noNewPrivileges
})

/** The whole `config.json` of a bundle whose root file system is mounted at `rootfs`. */
export const ociConfig = Effect.fnUntraced(function* (
  spec: ContainerSpec,
  user: ResolvedUser,
  host: HostFacts,
  rootfs: string
): Effect.fn.Return<object, StartFailed | RuntimeFailed> {
  const capabilities = grantedCapabilities({
    privileged: spec.privileged,
    add: spec.capAdd,
    drop: spec.capDrop,
    available: host.limits.capabilities
  })
  const seccomp = yield* seccompOf(spec, host, capabilities)
  const devices = yield* devicesOf(spec)
  const process = ociProcess({
    argv: spec.initPath === undefined ? spec.argv : ["/sbin/docker-init", "--", ...spec.argv],
    env: environmentOf({ env: spec.env, tty: spec.tty, hostname: spec.hostname, home: user.home }),
    cwd: spec.workingDir,
    user,
    tty: spec.tty,
    consoleSize: spec.consoleSize,
    capabilities,
    noNewPrivileges: spec.noNewPrivileges
  })
  return {
    ociVersion: "1.0.2",
    process: { ...process, rlimits: rlimitsFor(spec.ulimits, host.limits), oomScoreAdj: spec.oomScoreAdj },
    root: { path: rootfs, readonly: spec.rootfs.readOnly },
    ...(spec.namespaces.uts === "host" ? {} : { hostname: spec.hostname }),
    mounts: mountsOf(spec),
    linux: {
      sysctl: {
        ...(spec.domainname === "" || spec.namespaces.uts === "host" ? {} : { "kernel.domainname": spec.domainname }),
        ...spec.sysctls
      },
      cgroupsPath: spec.cgroupPath,
      namespaces: namespacesOf(spec.namespaces),
      devices: devices.nodes,
      resources: { ...ociResources(spec.resources), devices: devices.rules },
      ...(seccomp === undefined ? {} : { seccomp }),
      maskedPaths: maskedPathsOf(spec),
      readonlyPaths: readonlyPathsOf(spec),
      rootfsPropagation: "rprivate"
    }
  }
})

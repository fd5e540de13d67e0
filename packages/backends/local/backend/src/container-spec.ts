import type { Launch, WorkloadSpec } from "@sockerless/backend-contract"
import type { ContainerSpec, MountRequest, StdinMode } from "@sockerless/oci-runtime"
import { basename } from "node:path"
import { logLimitBytes } from "./log-limit.ts"
import type { LaunchRecord } from "./launch-record.ts"
import type { Paths } from "./paths.ts"

/** Where the image's layers are, as the image store tells it. */
export interface Layers {
  readonly folder: string
  /** Lowest first, relative to `folder`. */
  readonly names: ReadonlyArray<string>
}

/** Layer folders of the image store share one parent; the mount names them relative to it. */
export const layersFrom = (folders: ReadonlyArray<string>, emptyFolder: string): Layers => {
  const [first = emptyFolder] = folders
  const folder = first.slice(0, first.length - basename(first).length - 1)
  return { folder, names: folders.length === 0 ? [basename(emptyFolder)] : folders.map((path) => basename(path)) }
}

export const stdinModeOf = (spec: WorkloadSpec): StdinMode => {
  if (!spec.process.openStdin) return "none"
  return spec.process.stdinOnce ? "once" : "open"
}

/** cgroup of a workload, below the parent asked for or the one of this daemon. */
export const cgroupPathOf = (spec: WorkloadSpec, ownParent: string): string => {
  const parent = spec.isolation.cgroupParent === "" ? ownParent : `/${spec.isolation.cgroupParent.replace(/^\/+/, "")}`
  return `${parent}/${spec.id}`
}

/** `size=64m,mode=1777` as mount options, with Docker's defaults dropped where the text says otherwise. */
const tmpfsOptions = (text: string): ReadonlyArray<string> => text.split(",").filter((option) => option !== "")

/** Mounts the user asked for, volumes resolved to where they live. */
export const mountRequests = (launch: Launch): ReadonlyArray<MountRequest> =>
  launch.spec.mounts.map((mount): MountRequest => {
    if (mount.type === "tmpfs") {
      return { type: "tmpfs", destination: mount.destination, options: tmpfsOptions(mount.options) }
    }
    if (mount.type === "bind") {
      return {
        type: "bind",
        source: mount.source,
        destination: mount.destination,
        readOnly: mount.readOnly,
        recursive: !mount.nonRecursive,
        propagation: mount.propagation === "" ? "rprivate" : mount.propagation
      }
    }
    const source = launch.volumeMountpoints[mount.name] ?? ""
    return {
      type: "bind",
      source: mount.subpath === undefined ? source : `${source}/${mount.subpath}`,
      destination: mount.destination,
      readOnly: mount.readOnly,
      recursive: true,
      propagation: "rprivate"
    }
  })

/** The three files every container sees; a joined network brings the files of its owner. */
const identityFiles = (launch: Launch, paths: Paths): ReadonlyArray<MountRequest> => {
  const owner = launch.spec.network.mode.startsWith("container:")
    ? launch.spec.network.mode.slice("container:".length)
    : launch.spec.id
  const files = paths.container(owner)
  const taken = new Set(launch.spec.mounts.map((mount) => mount.destination))
  return [
    ["/etc/hosts", files.hosts],
    ["/etc/hostname", files.hostname],
    ["/etc/resolv.conf", files.resolvConf]
  ].flatMap(([destination = "", source = ""]): ReadonlyArray<MountRequest> =>
    taken.has(destination)
      ? []
      : [{ type: "bind", source, destination, readOnly: false, recursive: true, propagation: "rprivate" }]
  )
}

type Joined = { readonly path: string }

/** Pid of the container a `container:<id>` mode names, from its handle. */
const joinedPid = (mode: string, pidOf: (id: string) => number): number | undefined =>
  mode.startsWith("container:") ? pidOf(mode.slice("container:".length)) : undefined

const namespacesOf = (
  launch: Launch,
  record: LaunchRecord,
  pidOf: (id: string) => number
): ContainerSpec["namespaces"] => {
  const { isolation, network } = launch.spec
  const path = (kind: string, pid: number): Joined => ({ path: `/proc/${pid}/ns/${kind}` })
  const networkPid = joinedPid(network.mode, pidOf)
  const pidPid = joinedPid(isolation.pidMode, pidOf)
  const ipcPid = joinedPid(isolation.ipcMode, pidOf)
  return {
    network:
      networkPid !== undefined
        ? path("net", networkPid)
        : record.netns === undefined
          ? "host"
          : { path: record.netns.path },
    pid: pidPid !== undefined ? path("pid", pidPid) : isolation.pidMode === "host" ? "host" : "private",
    ipc: ipcPid !== undefined ? path("ipc", ipcPid) : isolation.ipcMode === "host" ? "host" : "private",
    uts: isolation.utsMode === "host" ? "host" : "private",
    cgroup: isolation.cgroupnsMode === "private" ? "private" : "host"
  }
}

export interface ContainerSpecContext {
  readonly paths: Paths
  readonly layers: Layers
  readonly record: LaunchRecord
  readonly initPath: string | undefined
  /** Pid of another container of this backend; 0 when it does not run. */
  readonly pidOf: (id: string) => number
}

/** A workload as the Linux side runs it. */
export const containerSpecOf = (launch: Launch, context: ContainerSpecContext): ContainerSpec => {
  const { spec } = launch
  const { process, isolation } = spec
  const files = context.paths.container(spec.id)
  return {
    id: spec.id,
    rootfs: {
      layers: context.layers.names,
      layersFolder: context.layers.folder,
      upper: files.upper,
      work: files.work,
      readOnly: isolation.readOnlyRootfs
    },
    argv: process.argv,
    env: process.env,
    workingDir: process.workingDir,
    user: process.user,
    groupAdd: process.groupAdd,
    stdin: stdinModeOf(spec),
    tty: process.tty,
    ...(process.consoleSize === undefined ? {} : { consoleSize: process.consoleSize }),
    hostname: spec.hostname,
    domainname: spec.domainname,
    privileged: isolation.privileged,
    capAdd: isolation.capAdd,
    capDrop: isolation.capDrop,
    noNewPrivileges: isolation.noNewPrivileges,
    seccomp: isolation.seccomp,
    maskedPaths: isolation.maskedPaths,
    readonlyPaths: isolation.readonlyPaths,
    sysctls: isolation.sysctls,
    ulimits: isolation.ulimits,
    oomScoreAdj: isolation.oomScoreAdj,
    shmSizeBytes: isolation.shmSizeBytes,
    devices: isolation.devices.map((device) => ({
      pathOnHost: device.pathOnHost,
      pathInContainer: device.pathInContainer,
      permissions: device.cgroupPermissions
    })),
    deviceCgroupRules: isolation.deviceCgroupRules,
    mounts: [...identityFiles(launch, context.paths), ...mountRequests(launch)],
    resources: spec.resources,
    cgroupPath: context.record.cgroupPath,
    namespaces: namespacesOf(launch, context.record, context.pidOf),
    logLimitBytes: logLimitBytes(spec),
    initPath: isolation.init ? context.initPath : undefined
  }
}

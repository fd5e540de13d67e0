import { type ContainerSpec, hostnameFile, hostsFile, type MountRequest, resolvConfFile } from "@sockerless/oci-runtime"
import { mkdir, writeFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import type { WorkloadRequest } from "./request.ts"

/** The files of one workload container, all derived from its id. */
export const filesOf = (dataRoot: string, id: string) => {
  const folder = join(dataRoot, "containers", id)
  return {
    folder,
    upper: join(folder, "upper"),
    work: join(folder, "work"),
    hosts: join(folder, "hosts"),
    hostname: join(folder, "hostname"),
    resolvConf: join(folder, "resolv.conf"),
    log: join(folder, "container.log")
  }
}
type Files = ReturnType<typeof filesOf>

/** Makes the folders and the three files by which a container knows who and where it is. */
export const writeFiles = async (files: Files, hostname: string, ip: string): Promise<void> => {
  await mkdir(files.upper, { recursive: true, mode: 0o755 })
  await mkdir(files.work, { recursive: true, mode: 0o711 })
  await writeFile(files.hosts, hostsFile({ hostname, addresses: [ip], extraHosts: [], hostGateway: "" }))
  await writeFile(files.hostname, hostnameFile(hostname))
  await writeFile(
    files.resolvConf,
    resolvConfFile({ mode: "embedded", hostText: "", servers: [], search: [], options: [] })
  )
  await writeFile(files.log, "", { flag: "a" })
}

const identity = (files: Files): ReadonlyArray<MountRequest> =>
  [
    ["/etc/hosts", files.hosts],
    ["/etc/hostname", files.hostname],
    ["/etc/resolv.conf", files.resolvConf]
  ].map(([destination = "", source = ""]) => ({
    type: "bind",
    source,
    destination,
    readOnly: false,
    recursive: true,
    propagation: "rprivate"
  }))

const argvOf = (request: WorkloadRequest): ReadonlyArray<string> => {
  const { config } = request.image
  if (request.entrypoint !== undefined) return [...request.entrypoint, ...(request.command ?? [])]
  return [...(config.entrypoint ?? []), ...(request.command ?? config.cmd ?? [])]
}

const envOf = (request: WorkloadRequest): ReadonlyArray<string> => {
  const own = new Set(Object.keys(request.env))
  const inherited = (request.image.config.env ?? []).filter((entry) => !own.has(entry.split("=", 1)[0] ?? ""))
  return [...inherited, ...Object.entries(request.env).map(([name, value]) => `${name}=${value}`)]
}

export interface Place {
  readonly files: Files
  readonly layerFolders: ReadonlyArray<string>
  readonly emptyFolder: string
  readonly namespacePath: string
  readonly cgroupPath: string
  readonly initPath: string | undefined
}

const SHM_BYTES = 64 * 1024 * 1024

/** The container as the Linux side runs it. */
export const specOf = (request: WorkloadRequest, place: Place): ContainerSpec => {
  const { files } = place
  const [first = place.emptyFolder] = place.layerFolders
  return {
    id: request.id,
    rootfs: {
      layers: place.layerFolders.length === 0 ? [basename(first)] : place.layerFolders.map((path) => basename(path)),
      layersFolder: dirname(first),
      upper: files.upper,
      work: files.work,
      readOnly: request.readOnlyRoot
    },
    argv: argvOf(request),
    env: envOf(request),
    workingDir: request.workingDir ?? request.image.config.workingDir ?? "/",
    user: request.user ?? request.image.config.user ?? "",
    groupAdd: [],
    stdin: "none",
    tty: request.tty,
    hostname: request.hostname,
    domainname: "",
    privileged: false,
    capAdd: request.capAdd,
    capDrop: request.capDrop,
    noNewPrivileges: false,
    seccomp: "default",
    maskedPaths: undefined,
    readonlyPaths: undefined,
    sysctls: {},
    ulimits: request.ulimits,
    oomScoreAdj: 0,
    shmSizeBytes: SHM_BYTES,
    devices: [],
    deviceCgroupRules: [],
    mounts: [...identity(files), ...request.mounts],
    resources: request.resources,
    cgroupPath: place.cgroupPath,
    logLimitBytes: undefined,
    namespaces: {
      network: { path: place.namespacePath },
      pid: "private",
      ipc: "private",
      uts: "private",
      cgroup: "private"
    },
    initPath: request.init ? place.initPath : undefined
  }
}

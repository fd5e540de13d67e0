/** One container as the Linux side sees it: every name resolved, every default applied. Knows nothing of Docker. */
export interface ContainerSpec {
  readonly id: string
  readonly rootfs: RootfsSpec
  readonly argv: ReadonlyArray<string>
  readonly env: ReadonlyArray<string>
  readonly workingDir: string
  /** `user`, `uid`, `user:group` …, resolved against the image's own files. */
  readonly user: string
  readonly groupAdd: ReadonlyArray<string>
  readonly stdin: StdinMode
  readonly tty: boolean
  readonly consoleSize?: { readonly rows: number; readonly columns: number }
  readonly hostname: string
  readonly domainname: string
  readonly privileged: boolean
  readonly capAdd: ReadonlyArray<string>
  readonly capDrop: ReadonlyArray<string>
  readonly noNewPrivileges: boolean
  /** `default`, `unconfined`, or a profile as JSON text. */
  readonly seccomp: string
  readonly maskedPaths: ReadonlyArray<string> | undefined
  readonly readonlyPaths: ReadonlyArray<string> | undefined
  readonly sysctls: Readonly<Record<string, string>>
  readonly ulimits: ReadonlyArray<{ readonly name: string; readonly soft: number; readonly hard: number }>
  readonly oomScoreAdj: number
  readonly shmSizeBytes: number
  readonly devices: ReadonlyArray<DeviceRequest>
  readonly deviceCgroupRules: ReadonlyArray<string>
  readonly mounts: ReadonlyArray<MountRequest>
  readonly resources: Resources
  /** Absolute path below each controller, for example `/sockerless-ab12/<id>`. */
  readonly cgroupPath: string
  readonly namespaces: Namespaces
  /** The log is begun anew when it would grow beyond this; undefined for no limit. */
  readonly logLimitBytes: number | undefined
  /** Host path of an init to run as process 1 in front of argv; undefined for none. */
  readonly initPath: string | undefined
}

/** How fd 0 of the process is fed: nothing, until the one writer leaves, or for ever. Ignored with a terminal. */
export type StdinMode = "none" | "once" | "open"

export interface RootfsSpec {
  /** Lowest first; relative to `layersFolder` so that the mount's option string stays short. */
  readonly layers: ReadonlyArray<string>
  readonly layersFolder: string
  readonly upper: string
  readonly work: string
  readonly readOnly: boolean
}

export type MountRequest =
  | {
      readonly type: "bind"
      readonly source: string
      readonly destination: string
      readonly readOnly: boolean
      readonly recursive: boolean
      readonly propagation: string
    }
  | { readonly type: "tmpfs"; readonly destination: string; readonly options: ReadonlyArray<string> }

export interface DeviceRequest {
  readonly pathOnHost: string
  readonly pathInContainer: string
  readonly permissions: string
}

export interface Resources {
  readonly memoryBytes?: number
  readonly memorySwapBytes?: number
  readonly memoryReservationBytes?: number
  readonly memorySwappiness?: number
  readonly oomKillDisable?: boolean
  readonly cpuShares?: number
  readonly cpuPeriodMicros?: number
  readonly cpuQuotaMicros?: number
  readonly cpuRealtimePeriodMicros?: number
  readonly cpuRealtimeRuntimeMicros?: number
  readonly nanoCpus?: number
  readonly cpusetCpus?: string
  readonly cpusetMems?: string
  readonly pidsLimit?: number
  readonly blkioWeight?: number
  readonly blkioThrottle?: ReadonlyArray<{
    readonly kind: "read-bps" | "write-bps" | "read-iops" | "write-iops"
    readonly path: string
    readonly rate: number
  }>
}

/** `private` makes a new one, `host` shares the host's, a path joins that one. */
export interface Namespaces {
  readonly network: "host" | { readonly path: string }
  readonly pid: "private" | "host" | { readonly path: string }
  readonly ipc: "private" | "host" | { readonly path: string }
  readonly uts: "private" | "host" | { readonly path: string }
  readonly cgroup: "private" | "host"
}

/**
 * What a container asks of the place it runs in: Docker's create options after defaults, image config and names are
 * resolved, in our own words. Immutable; `update`, `rename`, `connect` make a new one. Stored as JSON, so every field
 * is plain data and additions are optional fields.
 */
export interface WorkloadSpec {
  /** 64 lower-case hex digits, decided before anything is created. */
  readonly id: string
  /** Without the leading slash. */
  readonly name: string
  readonly image: { readonly id: string; readonly reference: string; readonly platform: string }
  readonly process: ProcessSpec
  readonly hostname: string
  readonly domainname: string
  readonly labels: Readonly<Record<string, string>>
  readonly stopSignal: string
  /** Seconds; absent means the default of ten, -1 waits for ever. */
  readonly stopTimeoutSeconds?: number
  readonly healthcheck?: HealthcheckSpec
  readonly restart: RestartPolicy
  readonly autoRemove: boolean
  readonly isolation: IsolationSpec
  readonly resources: ResourceLimits
  readonly mounts: ReadonlyArray<MountSpec>
  readonly network: NetworkAttachment
  readonly logging: { readonly driver: string; readonly options: Readonly<Record<string, string>> }
  /** The backend's name as given to `--runtime`. */
  readonly runtime: string
}

export interface ProcessSpec {
  /** Executable and arguments: entrypoint followed by command. Never empty. */
  readonly argv: ReadonlyArray<string>
  readonly env: ReadonlyArray<string>
  readonly workingDir: string
  /** `user`, `uid`, `user:group` …; empty for the image's root. Resolved inside the image by the backend. */
  readonly user: string
  readonly groupAdd: ReadonlyArray<string>
  readonly tty: boolean
  readonly openStdin: boolean
  readonly stdinOnce: boolean
  /** Rows and columns of the client's terminal at create, when it sent one. */
  readonly consoleSize?: TerminalSize
}

export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

export interface HealthcheckSpec {
  /** Docker's form: `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`. */
  readonly test: ReadonlyArray<string>
  readonly intervalNanos: number
  readonly timeoutNanos: number
  readonly startPeriodNanos: number
  readonly startIntervalNanos: number
  readonly retries: number
}

export interface RestartPolicy {
  readonly name: "no" | "always" | "on-failure" | "unless-stopped"
  readonly maximumRetryCount: number
}

export interface IsolationSpec {
  readonly privileged: boolean
  readonly readOnlyRootfs: boolean
  readonly init: boolean
  readonly capAdd: ReadonlyArray<string>
  readonly capDrop: ReadonlyArray<string>
  readonly noNewPrivileges: boolean
  /** `default`, `unconfined`, or a profile as JSON text. */
  readonly seccomp: string
  readonly maskedPaths?: ReadonlyArray<string>
  readonly readonlyPaths?: ReadonlyArray<string>
  readonly sysctls: Readonly<Record<string, string>>
  readonly ulimits: ReadonlyArray<{ readonly name: string; readonly soft: number; readonly hard: number }>
  readonly devices: ReadonlyArray<{
    readonly pathOnHost: string
    readonly pathInContainer: string
    readonly cgroupPermissions: string
  }>
  readonly deviceCgroupRules: ReadonlyArray<string>
  readonly oomScoreAdj: number
  readonly shmSizeBytes: number
  /** `private`, `shareable`, `host`, `none` or `container:<id>`. */
  readonly ipcMode: string
  /** Empty for private, `host`, or `container:<id>`. */
  readonly pidMode: string
  /** Empty for private, or `host`. */
  readonly utsMode: string
  /** `private` or `host`. */
  readonly cgroupnsMode: string
  readonly cgroupParent: string
}

/** Zero or absent means unlimited / the kernel's default, as Docker reads it. */
export interface ResourceLimits {
  readonly memoryBytes?: number
  /** Memory plus swap; -1 is unlimited swap. */
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

export type MountSpec =
  | {
      readonly type: "bind"
      readonly source: string
      readonly destination: string
      readonly readOnly: boolean
      /** `rprivate` unless asked otherwise. */
      readonly propagation: string
      readonly nonRecursive: boolean
      /** `Binds` creates a missing source folder, `Mounts` refuses it. */
      readonly createSource: boolean
      /** Mode text as given (`ro,z`), echoed by inspect. */
      readonly mode: string
    }
  | {
      readonly type: "volume"
      /** Volume name; for an anonymous volume a generated one. */
      readonly name: string
      readonly anonymous: boolean
      readonly destination: string
      readonly readOnly: boolean
      /** An empty volume is filled with what the image holds at the destination unless this is set. */
      readonly noCopy: boolean
      readonly subpath?: string
      readonly driver: string
      readonly mode: string
    }
  | {
      readonly type: "tmpfs"
      readonly destination: string
      /** mount(8) options, for example `size=64m,mode=1777`. */
      readonly options: string
      /** Given by `--tmpfs` (true) or `--mount type=tmpfs` (false): inspect lists only the latter under Mounts. */
      readonly short: boolean
    }

export interface NetworkAttachment {
  /** `bridge`, `host`, `none`, `container:<id>` or the name of a user-defined network. */
  readonly mode: string
  /** Empty for `host` and `container:`; keyed by network id, the primary one first in insertion order. */
  readonly endpoints: Readonly<Record<string, EndpointSpec>>
  readonly publishAll: boolean
  /** `80/tcp`, sorted as Docker does. */
  readonly exposedPorts: ReadonlyArray<string>
  readonly portBindings: ReadonlyArray<PortBinding>
  readonly dns: ReadonlyArray<string>
  readonly dnsSearch: ReadonlyArray<string>
  readonly dnsOptions: ReadonlyArray<string>
  /** `host:address`; `host-gateway` as address is resolved by the backend. */
  readonly extraHosts: ReadonlyArray<string>
}

export interface EndpointSpec {
  readonly networkId: string
  readonly networkName: string
  readonly aliases: ReadonlyArray<string>
  readonly links: ReadonlyArray<string>
  readonly ipv4Address?: string
  readonly ipv6Address?: string
  readonly macAddress?: string
  readonly driverOptions: Readonly<Record<string, string>>
}

export interface PortBinding {
  readonly containerPort: number
  readonly protocol: "tcp" | "udp" | "sctp"
  /** Empty for every address. */
  readonly hostIp: string
  /** Empty or `0` for an ephemeral port; `8000-8010` for a range. */
  readonly hostPort: string
}

import { flag, integer, keys, list, map, maybe, type Reader, type Shape, struct, text, words } from "./go-json.ts"

const healthcheck = struct({
  Test: words,
  Interval: integer,
  Timeout: integer,
  StartPeriod: integer,
  StartInterval: integer,
  Retries: integer
})

/** `Config` in the order dockerd writes it. */
export const configFields = {
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  ExposedPorts: keys,
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: list(text),
  Cmd: words,
  Healthcheck: maybe(healthcheck),
  ArgsEscaped: flag,
  Image: text,
  Volumes: keys,
  WorkingDir: text,
  Entrypoint: words,
  NetworkDisabled: flag,
  MacAddress: text,
  OnBuild: list(text),
  Labels: map(text),
  StopSignal: text,
  StopTimeout: maybe(integer),
  Shell: words
} as const

const portBinding = struct({ HostIp: text, HostPort: text })
const throttle = struct({ Path: text, Rate: integer })

const mount = struct({
  Type: text,
  Source: text,
  Target: text,
  ReadOnly: flag,
  Consistency: text,
  BindOptions: maybe(
    struct({
      Propagation: text,
      NonRecursive: flag,
      CreateMountpoint: flag,
      ReadOnlyNonRecursive: flag,
      ReadOnlyForceRecursive: flag
    })
  ),
  VolumeOptions: maybe(
    struct({
      NoCopy: flag,
      Labels: map(text),
      DriverConfig: maybe(struct({ Name: text, Options: map(text) })),
      Subpath: text
    })
  ),
  TmpfsOptions: maybe(struct({ SizeBytes: integer, Mode: integer, Options: list(list(text)) })),
  ImageOptions: maybe(struct({ Subpath: text })),
  ClusterOptions: maybe(struct({}))
})

export type WireMount = ReturnType<typeof mount>

/** A raw port map: an element may be null, the list too. */
const portMap = map(list(maybe(portBinding)))

/** Cgroup limits, shared by create and update. */
export const resourceFields = {
  CpuShares: integer,
  Memory: integer,
  NanoCpus: integer,
  CgroupParent: text,
  BlkioWeight: integer,
  BlkioWeightDevice: list(struct({ Path: text, Weight: integer })),
  BlkioDeviceReadBps: list(throttle),
  BlkioDeviceWriteBps: list(throttle),
  BlkioDeviceReadIOps: list(throttle),
  BlkioDeviceWriteIOps: list(throttle),
  CpuPeriod: integer,
  CpuQuota: integer,
  CpuRealtimePeriod: integer,
  CpuRealtimeRuntime: integer,
  CpusetCpus: text,
  CpusetMems: text,
  Devices: list(struct({ PathOnHost: text, PathInContainer: text, CgroupPermissions: text })),
  DeviceCgroupRules: list(text),
  DeviceRequests: list(
    struct({
      Driver: text,
      Count: integer,
      DeviceIDs: list(text),
      Capabilities: list(list(text)),
      Options: map(text)
    })
  ),
  KernelMemory: integer,
  KernelMemoryTCP: integer,
  MemoryReservation: integer,
  MemorySwap: integer,
  MemorySwappiness: maybe(integer),
  OomKillDisable: maybe(flag),
  PidsLimit: maybe(integer),
  Ulimits: list(struct({ Name: text, Hard: integer, Soft: integer })),
  CpuCount: integer,
  CpuPercent: integer,
  IOMaximumIOps: integer,
  IOMaximumBandwidth: integer
} as const

/** `RestartPolicy` as given. */
export const restartPolicy = struct({ Name: text, MaximumRetryCount: integer })

/** `HostConfig` in the order dockerd writes it. */
export const hostConfigFields = {
  Binds: list(text),
  ContainerIDFile: text,
  LogConfig: struct({ Type: text, Config: map(text) }),
  NetworkMode: text,
  PortBindings: portMap,
  RestartPolicy: restartPolicy,
  AutoRemove: flag,
  VolumeDriver: text,
  VolumesFrom: list(text),
  ConsoleSize: list(integer),
  Annotations: map(text),
  CapAdd: words,
  CapDrop: words,
  CgroupnsMode: text,
  Dns: list(text),
  DnsOptions: list(text),
  DnsSearch: list(text),
  ExtraHosts: list(text),
  GroupAdd: list(text),
  IpcMode: text,
  Cgroup: text,
  Links: list(text),
  OomScoreAdj: integer,
  PidMode: text,
  Privileged: flag,
  PublishAllPorts: flag,
  ReadonlyRootfs: flag,
  SecurityOpt: list(text),
  StorageOpt: map(text),
  Tmpfs: map(text),
  UTSMode: text,
  UsernsMode: text,
  ShmSize: integer,
  Sysctls: map(text),
  Runtime: text,
  Isolation: text,
  ...resourceFields,
  Mounts: list(mount),
  MaskedPaths: list(text),
  ReadonlyPaths: list(text),
  Init: maybe(flag)
} as const

/** One entry of `EndpointsConfig`, and the body of network connect. */
export const endpointConfig = struct({
  IPAMConfig: maybe(struct({ IPv4Address: text, IPv6Address: text, LinkLocalIPs: list(text) })),
  Links: list(text),
  Aliases: list(text),
  MacAddress: text,
  DriverOpts: map(text),
  GwPriority: integer,
  NetworkID: text
})

export type WireEndpoint = ReturnType<typeof endpointConfig>
export type WireConfig = Shape<typeof configFields>
export type WireHostConfig = Shape<typeof hostConfigFields>
export type WireResources = Shape<typeof resourceFields>

export interface WireCreate {
  readonly config: WireConfig
  readonly hostConfig: WireHostConfig
  readonly endpoints: Readonly<Record<string, WireEndpoint>>
}

const readConfig = struct(configFields)
const readHostConfig = struct(hostConfigFields)
const networking = struct({
  HostConfig: readHostConfig,
  NetworkingConfig: struct({ EndpointsConfig: map(endpointConfig) })
})

/** The body of create: `Config` at the top, the other two beside it. */
export const createRequest: Reader<WireCreate> = (value, _at, reading) => {
  const beside = networking(value, "CreateRequest", reading)
  return {
    config: readConfig(value, "CreateRequest", reading),
    hostConfig: beside.HostConfig,
    endpoints: beside.NetworkingConfig.EndpointsConfig ?? {}
  }
}

/** Fields of `Config` that dockerd leaves out when empty. */
export const configOmitted: ReadonlySet<string> = new Set([
  "ExposedPorts",
  "Healthcheck",
  "ArgsEscaped",
  "NetworkDisabled",
  "MacAddress",
  "StopSignal",
  "StopTimeout",
  "Shell"
])

/** Fields of `HostConfig` that dockerd leaves out when empty. */
export const hostConfigOmitted: ReadonlySet<string> = new Set([
  "Annotations",
  "StorageOpt",
  "Tmpfs",
  "Sysctls",
  "Mounts"
])

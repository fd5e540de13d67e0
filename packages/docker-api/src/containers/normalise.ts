import type { WireConfig, WireCreate, WireHostConfig } from "../wire/create-request.ts"

const capabilityNames =
  `AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER
FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE
NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE
SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM`.split(/\s+/)

const capability = (name: string) => {
  const upper = name.toUpperCase()
  return upper === "ALL" ? "ALL" : upper.startsWith("CAP_") ? upper : `CAP_${upper}`
}

const known: ReadonlySet<string> = new Set(["ALL", ...capabilityNames.map((name) => `CAP_${name}`)])

/** The first capability the kernel does not know. */
export const unknownCapability = (list: ReadonlyArray<string> | null): string | undefined =>
  (list ?? []).map(capability).find((name) => !known.has(name))

const capabilities = (list: ReadonlyArray<string> | null) => (list === null ? null : [...new Set(list.map(capability))])

/** What runc hides by default; a client that gives a list of its own, also an empty one, replaces it. */
const maskedPaths = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware"
]
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

const withProtocol = (port: string) => (port.includes("/") ? port.toLowerCase() : `${port}/tcp`)

const byPort = <A>(ports: Readonly<Record<string, A>>) =>
  Object.fromEntries(
    Object.entries(ports)
      .map(([port, value]) => [withProtocol(port), value] as const)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
  )

/** Defaults of the daemon that a request leaves open. */
export interface CreateDefaults {
  readonly runtime: string
  /** `private` on cgroup v2, `host` on v1, as dockerd chooses. */
  readonly cgroupnsMode: string
}

const memorySwap = (hostConfig: WireHostConfig) =>
  hostConfig.Memory > 0 && hostConfig.MemorySwap === 0 ? hostConfig.Memory * 2 : hostConfig.MemorySwap

const normaliseHostConfig = (given: WireHostConfig, defaults: CreateDefaults): WireHostConfig => ({
  ...given,
  LogConfig: {
    Type: given.LogConfig.Type === "" ? "json-file" : given.LogConfig.Type,
    Config: given.LogConfig.Config ?? {}
  },
  NetworkMode: given.NetworkMode === "" || given.NetworkMode === "default" ? "bridge" : given.NetworkMode,
  PortBindings: byPort(given.PortBindings ?? {}),
  RestartPolicy: {
    ...given.RestartPolicy,
    Name: given.RestartPolicy.Name === "" ? "no" : given.RestartPolicy.Name
  },
  ConsoleSize: given.ConsoleSize?.length === 2 ? given.ConsoleSize : [0, 0],
  CapAdd: capabilities(given.CapAdd),
  CapDrop: capabilities(given.CapDrop),
  CgroupnsMode: given.CgroupnsMode !== "" ? given.CgroupnsMode : given.Privileged ? "host" : defaults.cgroupnsMode,
  Dns: given.Dns ?? [],
  DnsOptions: given.DnsOptions ?? [],
  DnsSearch: given.DnsSearch ?? [],
  IpcMode: given.IpcMode === "" ? "private" : given.IpcMode,
  ShmSize: given.ShmSize === 0 ? 64 * 1024 * 1024 : given.ShmSize,
  Runtime: given.Runtime === "" ? defaults.runtime : given.Runtime,
  MemorySwap: memorySwap(given),
  MemorySwappiness: given.MemorySwappiness === -1 ? null : given.MemorySwappiness,
  PidsLimit: (given.PidsLimit ?? 0) > 0 ? given.PidsLimit : null,
  BlkioWeightDevice: given.BlkioWeightDevice ?? [],
  BlkioDeviceReadBps: given.BlkioDeviceReadBps ?? [],
  BlkioDeviceWriteBps: given.BlkioDeviceWriteBps ?? [],
  BlkioDeviceReadIOps: given.BlkioDeviceReadIOps ?? [],
  BlkioDeviceWriteIOps: given.BlkioDeviceWriteIOps ?? [],
  Devices: (given.Devices ?? []).map((device) => ({
    PathOnHost: device.PathOnHost,
    PathInContainer: device.PathInContainer === "" ? device.PathOnHost : device.PathInContainer,
    CgroupPermissions: device.CgroupPermissions === "" ? "rwm" : device.CgroupPermissions
  })),
  Ulimits: given.Ulimits ?? [],
  MaskedPaths: given.Privileged ? null : (given.MaskedPaths ?? maskedPaths),
  ReadonlyPaths: given.Privileged ? null : (given.ReadonlyPaths ?? readonlyPaths)
})

const normaliseConfig = (given: WireConfig): WireConfig => ({
  ...given,
  ExposedPorts: byPort(given.ExposedPorts ?? {}),
  Volumes: Object.keys(given.Volumes ?? {}).length === 0 ? null : given.Volumes,
  Labels: given.Labels ?? {}
})

/** The request with dockerd's defaults filled in, as inspect shows it. */
export const normalise = (request: WireCreate, defaults: CreateDefaults): WireCreate => {
  const { default: unnamed, ...named } = request.endpoints
  const hostConfig = normaliseHostConfig(request.hostConfig, defaults)
  return {
    config: normaliseConfig(request.config),
    hostConfig,
    endpoints: unnamed === undefined ? named : { bridge: unnamed, ...named }
  }
}

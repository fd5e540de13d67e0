import type { RequestedWorkload } from "@sockerless/engine"
import type { WireConfig, WireCreate, WireEndpoint, WireHostConfig } from "../wire/create-request.ts"
import { refusedOption } from "./create-refusals.ts"
import { mountProblem, mountSpec } from "./decode-mounts.ts"
import { portBindings, portProblem } from "./decode-ports.ts"
import { resourceLimits, restartPolicyOf } from "./decode-resources.ts"
import { namespaceProblem, readSecurity } from "./decode-security.ts"
import { networkModeProblem } from "./network-mode-problem.ts"
import { unknownCapability } from "./normalise.ts"

const healthProblem = (config: WireConfig) => {
  const check = config.Healthcheck
  if (check === null) return undefined
  const durations = [
    ["Interval", check.Interval],
    ["Timeout", check.Timeout],
    ["StartPeriod", check.StartPeriod],
    ["StartInterval", check.StartInterval]
  ] as const
  const short = durations.find(([, nanos]) => nanos !== 0 && nanos < 1_000_000)
  if (short !== undefined) return `${short[0]} in Healthcheck cannot be less than 1ms`
  return check.Retries < 0 ? "Retries in Healthcheck cannot be negative" : undefined
}

const capabilityProblem = ({ CapAdd, CapDrop }: WireHostConfig) => {
  const added = unknownCapability(CapAdd)
  if (added !== undefined) return `invalid CapAdd: unknown capability: "${added}"`
  const dropped = unknownCapability(CapDrop)
  return dropped === undefined ? undefined : `invalid CapDrop: unknown capability: "${dropped}"`
}

const endpointProblem = (request: WireCreate, minor: number) => {
  const names = Object.keys(request.endpoints)
  return minor < 44 && names.length > 1
    ? `Container cannot be connected to network endpoints: ${names.toSorted().join(", ")}`
    : undefined
}

/** The first thing in a create request that is wrong on the wire or cannot be honoured, with Docker's words. */
export const createProblem = (request: WireCreate, minor: number): string | undefined => {
  const { config, hostConfig } = request
  const security = readSecurity(hostConfig.SecurityOpt)
  const restart = restartPolicyOf(hostConfig.RestartPolicy)
  const mount = (hostConfig.Mounts ?? []).map(mountProblem).find((problem) => problem !== undefined)
  return (
    refusedOption(request) ??
    namespaceProblem(hostConfig) ??
    networkModeProblem(request) ??
    capabilityProblem(hostConfig) ??
    ("problem" in security ? security.problem : undefined) ??
    (restart !== undefined && "problem" in restart ? restart.problem : undefined) ??
    (hostConfig.ShmSize < 0 ? "SHM size can not be less than 0" : undefined) ??
    portProblem(config.ExposedPorts, hostConfig.PortBindings) ??
    healthProblem(config) ??
    mount ??
    endpointProblem(request, minor)
  )
}

type Endpoint = RequestedWorkload["endpoints"][string]

/** One endpoint in our words. */
export const endpointSpec = (wire: WireEndpoint): Endpoint => {
  const v4 = wire.IPAMConfig?.IPv4Address ?? ""
  const v6 = wire.IPAMConfig?.IPv6Address ?? ""
  return {
    aliases: wire.Aliases ?? [],
    links: wire.Links ?? [],
    ...(v4 === "" ? {} : { ipv4Address: v4 }),
    ...(v6 === "" ? {} : { ipv6Address: v6 }),
    ...(wire.MacAddress === "" ? {} : { macAddress: wire.MacAddress }),
    driverOptions: wire.DriverOpts ?? {}
  }
}

const bare: Endpoint = { aliases: [], links: [], driverOptions: {} }

/** Container-wide `MacAddress` and `Links` belong to the endpoint of the network the container starts on. */
const endpointsOf = ({ config, hostConfig, endpoints }: WireCreate): RequestedWorkload["endpoints"] => {
  const decoded = Object.fromEntries(Object.entries(endpoints).map(([name, wire]) => [name, endpointSpec(wire)]))
  const links = hostConfig.Links ?? []
  if (config.MacAddress === "" && links.length === 0) return decoded
  const primary = decoded[hostConfig.NetworkMode] ?? bare
  return {
    ...decoded,
    [hostConfig.NetworkMode]: {
      ...primary,
      links: [...primary.links, ...links],
      ...(config.MacAddress === "" ? {} : { macAddress: config.MacAddress })
    }
  }
}

const healthcheckOf = ({ Healthcheck: check }: WireConfig): RequestedWorkload["healthcheck"] =>
  check === null
    ? undefined
    : {
        ...((check.Test ?? []).length === 0 ? {} : { test: check.Test ?? [] }),
        ...(check.Interval === 0 ? {} : { intervalNanos: check.Interval }),
        ...(check.Timeout === 0 ? {} : { timeoutNanos: check.Timeout }),
        ...(check.StartPeriod === 0 ? {} : { startPeriodNanos: check.StartPeriod }),
        ...(check.StartInterval === 0 ? {} : { startIntervalNanos: check.StartInterval }),
        ...(check.Retries === 0 ? {} : { retries: check.Retries })
      }

const isolationOf = (hostConfig: WireHostConfig): RequestedWorkload["isolation"] => {
  const security = readSecurity(hostConfig.SecurityOpt)
  const hardened = "problem" in security ? { seccomp: "default", noNewPrivileges: false, unmasked: false } : security
  return {
    privileged: hostConfig.Privileged,
    readOnlyRootfs: hostConfig.ReadonlyRootfs,
    init: hostConfig.Init ?? false,
    capAdd: hostConfig.CapAdd ?? [],
    capDrop: hostConfig.CapDrop ?? [],
    noNewPrivileges: hardened.noNewPrivileges,
    seccomp: hostConfig.Privileged && hardened.seccomp === "default" ? "unconfined" : hardened.seccomp,
    maskedPaths: hardened.unmasked ? [] : (hostConfig.MaskedPaths ?? []),
    readonlyPaths: hardened.unmasked ? [] : (hostConfig.ReadonlyPaths ?? []),
    sysctls: hostConfig.Sysctls ?? {},
    ulimits: (hostConfig.Ulimits ?? []).map(({ Name, Soft, Hard }) => ({ name: Name, soft: Soft, hard: Hard })),
    devices: (hostConfig.Devices ?? []).map((device) => ({
      pathOnHost: device.PathOnHost,
      pathInContainer: device.PathInContainer,
      cgroupPermissions: device.CgroupPermissions
    })),
    deviceCgroupRules: hostConfig.DeviceCgroupRules ?? [],
    oomScoreAdj: hostConfig.OomScoreAdj,
    shmSizeBytes: hostConfig.ShmSize,
    ipcMode: hostConfig.IpcMode,
    pidMode: hostConfig.PidMode,
    utsMode: hostConfig.UTSMode,
    cgroupnsMode: hostConfig.CgroupnsMode,
    cgroupParent: hostConfig.CgroupParent
  }
}

const processOf = ({ config, hostConfig }: WireCreate): RequestedWorkload["process"] => {
  const [rows = 0, columns = 0] = hostConfig.ConsoleSize ?? []
  return {
    groupAdd: hostConfig.GroupAdd ?? [],
    tty: config.Tty,
    openStdin: config.OpenStdin,
    stdinOnce: config.StdinOnce,
    ...(rows > 0 && columns > 0 ? { consoleSize: { rows, columns } } : {})
  }
}

const nothingGiven = (words: ReadonlyArray<string> | null) => words === null || words.length === 0

/**
 * A normalised create request in our words. `volumeNames` holds, by target, the volumes made beforehand for mounts
 * that carry labels or driver options.
 */
export const requestedWorkload = (
  request: WireCreate,
  volumeNames: Readonly<Record<string, string>>
): RequestedWorkload => {
  const { config, hostConfig } = request
  const restart = restartPolicyOf(hostConfig.RestartPolicy)
  return {
    // `--entrypoint ""` arrives as [""]: it clears the image's, which an empty list says here.
    entrypoint:
      config.Entrypoint === null
        ? undefined
        : config.Entrypoint.length === 1 && config.Entrypoint[0] === ""
          ? []
          : nothingGiven(config.Entrypoint)
            ? undefined
            : config.Entrypoint,
    command: nothingGiven(config.Cmd) ? undefined : (config.Cmd ?? []),
    env: config.Env ?? [],
    workingDir: config.WorkingDir,
    user: config.User,
    labels: config.Labels ?? {},
    stopSignal: config.StopSignal,
    stopTimeoutSeconds: config.StopTimeout ?? undefined,
    healthcheck: healthcheckOf(config),
    exposedPorts: Object.keys(config.ExposedPorts ?? {}),
    anonymousVolumes: Object.keys(config.Volumes ?? {}),
    binds: hostConfig.Binds ?? [],
    mounts: (hostConfig.Mounts ?? []).map((mount) => mountSpec(mount, volumeNames[mount.Target])),
    tmpfs: hostConfig.Tmpfs ?? {},
    volumesFrom: hostConfig.VolumesFrom ?? [],
    networkMode: hostConfig.NetworkMode,
    endpoints: endpointsOf(request),
    portBindings: portBindings(hostConfig.PortBindings),
    publishAll: hostConfig.PublishAllPorts,
    dns: hostConfig.Dns ?? [],
    dnsSearch: hostConfig.DnsSearch ?? [],
    dnsOptions: hostConfig.DnsOptions ?? [],
    extraHosts: hostConfig.ExtraHosts ?? [],
    hostname: config.Hostname,
    domainname: config.Domainname,
    process: processOf(request),
    restart: restart === undefined || "problem" in restart ? { name: "no", maximumRetryCount: 0 } : restart,
    autoRemove: hostConfig.AutoRemove,
    isolation: isolationOf(hostConfig),
    resources: resourceLimits(hostConfig),
    logging: { driver: hostConfig.LogConfig.Type, options: hostConfig.LogConfig.Config ?? {} },
    runtime: hostConfig.Runtime
  }
}

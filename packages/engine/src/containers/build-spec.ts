import type { EndpointSpec, HealthcheckSpec, MountSpec, WorkloadSpec } from "@sockerless/backend-contract"
import type { ImageConfig, ImageRecord } from "@sockerless/images"
import type { CreateContainer, RequestedWorkload } from "./containers.ts"

const SECOND = 1_000_000_000
const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

const nameOf = (entry: string): string => entry.split("=", 1)[0] ?? ""

/** The image's environment with the user's over it; PATH is always there. */
export const mergedEnv = (image: ReadonlyArray<string>, own: ReadonlyArray<string>): ReadonlyArray<string> => {
  const names = new Set(own.map(nameOf))
  // `--env NAME` without a value takes a name away.
  const set = own.filter((entry) => entry.includes("="))
  const kept = image.filter((entry) => !names.has(nameOf(entry)))
  const merged = [...set, ...kept]
  return merged.some((entry) => nameOf(entry) === "PATH") ? merged : [...merged, DEFAULT_PATH]
}

/** Docker's rule: an entrypoint of one's own, an empty one too, drops the image's command. */
const argvOf = (requested: RequestedWorkload, image: ImageConfig): ReadonlyArray<string> => {
  const own = requested.entrypoint !== undefined
  const command = requested.command ?? (own ? [] : (image.cmd ?? []))
  return [...(requested.entrypoint ?? image.entrypoint ?? []), ...command]
}

/** Zero and absent values come from the image, then from Docker's defaults. */
const healthcheckOf = (requested: RequestedWorkload, image: ImageConfig): HealthcheckSpec | undefined => {
  const own = requested.healthcheck
  const inherited = image.healthcheck
  if (own === undefined && inherited === undefined) return undefined
  const test = own?.test !== undefined && own.test.length > 0 ? own.test : (inherited?.test ?? [])
  if (test.length === 0 || test[0] === "NONE") return undefined
  const choose = (
    key: "intervalNanos" | "timeoutNanos" | "startPeriodNanos" | "startIntervalNanos" | "retries",
    fallback: number
  ) => own?.[key] || inherited?.[key] || fallback
  return {
    test,
    intervalNanos: choose("intervalNanos", 30 * SECOND),
    timeoutNanos: choose("timeoutNanos", 30 * SECOND),
    startPeriodNanos: choose("startPeriodNanos", 0),
    startIntervalNanos: choose("startIntervalNanos", 5 * SECOND),
    retries: choose("retries", 3)
  }
}

const byPort = (a: string, b: string): number => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1)

export interface SpecParts {
  readonly id: string
  readonly name: string
  readonly image: ImageRecord
  readonly mounts: ReadonlyArray<MountSpec>
  readonly networkMode: string
  readonly endpoints: Readonly<Record<string, EndpointSpec>>
  readonly pidMode: string
  readonly ipcMode: string
  readonly runtime: string
  /** The name of the container whose network is joined. */
  readonly joinedHostname: string | undefined
}

const hostnameOf = (requested: RequestedWorkload, parts: SpecParts, hostHostname: string): string => {
  if (requested.hostname !== "") return requested.hostname
  if (parts.joinedHostname !== undefined) return parts.joinedHostname
  return parts.networkMode === "host" || requested.isolation.utsMode === "host" ? hostHostname : parts.id.slice(0, 12)
}

/** The whole workload: what was asked for, completed by the image and by Docker's defaults. */
export const buildSpec = (request: CreateContainer, parts: SpecParts, hostHostname: string): WorkloadSpec => {
  const { requested } = request
  const { config } = parts.image
  const healthcheck = healthcheckOf(requested, config)
  return {
    id: parts.id,
    name: parts.name,
    image: { id: parts.image.id, reference: request.image, platform: `${parts.image.os}/${parts.image.architecture}` },
    process: {
      argv: argvOf(requested, config),
      env: mergedEnv(config.env ?? [], requested.env),
      workingDir: requested.workingDir !== "" ? requested.workingDir : (config.workingDir ?? ""),
      user: requested.user !== "" ? requested.user : (config.user ?? ""),
      ...requested.process
    },
    hostname: hostnameOf(requested, parts, hostHostname),
    domainname: requested.domainname,
    labels: { ...config.labels, ...requested.labels },
    stopSignal: requested.stopSignal !== "" ? requested.stopSignal : (config.stopSignal ?? ""),
    ...(requested.stopTimeoutSeconds === undefined ? {} : { stopTimeoutSeconds: requested.stopTimeoutSeconds }),
    ...(healthcheck === undefined ? {} : { healthcheck }),
    restart: requested.restart,
    autoRemove: requested.autoRemove,
    isolation: { ...requested.isolation, pidMode: parts.pidMode, ipcMode: parts.ipcMode },
    resources: requested.resources,
    mounts: parts.mounts,
    network: {
      mode: parts.networkMode,
      endpoints: parts.endpoints,
      publishAll: requested.publishAll,
      exposedPorts: [
        ...new Set([
          ...requested.exposedPorts,
          ...(config.exposedPorts ?? []),
          ...requested.portBindings.map((binding) => `${binding.containerPort}/${binding.protocol}`)
        ])
      ].toSorted(byPort),
      portBindings: requested.portBindings,
      dns: requested.dns,
      dnsSearch: requested.dnsSearch,
      dnsOptions: requested.dnsOptions,
      extraHosts: requested.extraHosts
    },
    logging: requested.logging,
    runtime: parts.runtime
  }
}

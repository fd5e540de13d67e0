import type { WireCreate } from "../wire/create-request.ts"

const refused = (option: string, way: string) => `${option} is not supported by this daemon: ${way}`

const holds = (list: ReadonlyArray<unknown> | null) => list !== null && list.length > 0
const some = (map: Readonly<Record<string, unknown>> | null) => map !== null && Object.keys(map).length > 0

type Rule = readonly [applies: (request: WireCreate) => boolean, message: (request: WireCreate) => string]

/** What create accepts on the wire and cannot honour anywhere; each names the option and the way out. */
const rules: ReadonlyArray<Rule> = [
  [
    ({ hostConfig }) => holds(hostConfig.DeviceRequests),
    ({ hostConfig }) => {
      const first = hostConfig.DeviceRequests?.[0]
      const wanted = (first?.Capabilities ?? []).map((set) => `[${(set ?? []).join(" ")}]`).join(" ")
      return `could not select device driver "${first?.Driver ?? ""}" with capabilities: [${wanted}]; give devices with --device instead of --gpus`
    }
  ],
  [({ hostConfig }) => some(hostConfig.StorageOpt), () => refused("--storage-opt", "leave it out")],
  [
    ({ hostConfig }) => !["", "default", "process"].includes(hostConfig.Isolation.toLowerCase()),
    ({ hostConfig }) => `invalid isolation '${hostConfig.Isolation}' on linux: leave --isolation out`
  ],
  [
    ({ hostConfig }) => hostConfig.UsernsMode !== "" && hostConfig.UsernsMode !== "host",
    ({ hostConfig }) => `invalid USER mode: ${hostConfig.UsernsMode}; use --userns=host or leave it out`
  ],
  [
    ({ hostConfig }) => !["", "json-file", "local", "none"].includes(hostConfig.LogConfig.Type),
    ({ hostConfig }) =>
      `logger: no log driver named '${hostConfig.LogConfig.Type}' is registered; use json-file, local or none`
  ],
  [
    ({ hostConfig }) => hostConfig.VolumeDriver !== "" && hostConfig.VolumeDriver !== "local",
    ({ hostConfig }) =>
      `error looking up volume plugin ${hostConfig.VolumeDriver}: plugin "${hostConfig.VolumeDriver}" not found`
  ],
  [({ hostConfig }) => some(hostConfig.Annotations), () => refused("--annotation", "use --label")],
  [({ hostConfig }) => hostConfig.Cgroup !== "", () => refused("HostConfig.Cgroup", "use --cgroup-parent")],
  [
    ({ hostConfig }) => holds(hostConfig.BlkioWeightDevice),
    () => refused("--blkio-weight-device", "use --blkio-weight or --device-read-bps and its kin")
  ],
  [
    ({ hostConfig }) => hostConfig.KernelMemory !== 0 || hostConfig.KernelMemoryTCP !== 0,
    () => refused("--kernel-memory", "use --memory, which the kernel accounts its own memory to")
  ],
  [
    ({ hostConfig }) =>
      hostConfig.CpuCount !== 0 ||
      hostConfig.CpuPercent !== 0 ||
      hostConfig.IOMaximumIOps !== 0 ||
      hostConfig.IOMaximumBandwidth !== 0,
    () => refused("a limit of Windows (CpuCount, CpuPercent, IOMaximum…)", "use --cpus and --device-read-bps")
  ],
  [({ config }) => config.NetworkDisabled, () => refused("NetworkDisabled", "use --network none")],
  [
    ({ endpoints }) => Object.values(endpoints).some((endpoint) => holds(endpoint.IPAMConfig?.LinkLocalIPs ?? null)),
    () => refused("--link-local-ip", "leave it out")
  ],
  [
    ({ endpoints }) => Object.values(endpoints).some((endpoint) => endpoint.GwPriority !== 0),
    () => refused("GwPriority", "name the network of the default route first")
  ]
]

/** The first option that cannot be honoured, as the message of a 400. */
export const refusedOption = (request: WireCreate): string | undefined =>
  rules.find(([applies]) => applies(request))?.[1](request)

import type { WorkloadSpec } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import { EcsUnsupported } from "./faults.ts"
import { fargateSize } from "./fargate-size.ts"

/** Fargate kills a container at the latest this long after the stop signal. */
const STOP_LIMIT_SECONDS = 120
const MEBIBYTE = 1024 * 1024

type Rule = readonly [applies: (spec: WorkloadSpec) => boolean, option: string, wayOut: string]

const local = "use --runtime local"

const rules: ReadonlyArray<Rule> = [
  [({ process }) => process.tty, "a terminal (-t)", local],
  [({ process }) => process.openStdin, "standard input (-i)", local],
  [({ mounts }) => mounts.some(({ type }) => type === "bind"), "bind mounts", "put the files into the image"],
  [
    ({ mounts }) => mounts.some(({ type }) => type === "volume"),
    "volumes",
    "keep the data in a service of the account"
  ],
  [({ mounts }) => mounts.some(({ type }) => type === "tmpfs"), "tmpfs mounts", "write to the container's own files"],
  [
    ({ network }) => network.portBindings.length > 0 || network.publishAll,
    "published ports (-p)",
    "reach the task by the address that docker inspect shows"
  ],
  [({ network }) => network.mode === "host", "the host network", "leave --network out"],
  [({ network }) => network.mode === "none", "a container without network", "leave --network out"],
  [({ network }) => network.mode.startsWith("container:"), "the network of another container", "leave --network out"],
  [
    ({ network }) =>
      !["", "bridge", "default", "host", "none"].includes(network.mode) && !network.mode.startsWith("container:"),
    "user-defined networks",
    "leave --network out"
  ],
  [({ network }) => network.extraHosts.length > 0, "--add-host", "use names that the VPC resolves"],
  [
    ({ network }) => network.dns.length + network.dnsSearch.length + network.dnsOptions.length > 0,
    "DNS options",
    "the VPC's resolver is used"
  ],
  [({ isolation }) => isolation.privileged, "--privileged", local],
  [
    ({ isolation }) => isolation.capAdd.some((name) => !/^(CAP_)?SYS_PTRACE$/i.test(name)),
    "added capabilities other than SYS_PTRACE",
    local
  ],
  [({ isolation }) => isolation.devices.length + isolation.deviceCgroupRules.length > 0, "devices", local],
  [({ isolation }) => isolation.seccomp !== "default" || isolation.noNewPrivileges, "--security-opt", local],
  [({ isolation }) => Object.keys(isolation.sysctls).length > 0, "--sysctl", local],
  [({ isolation }) => isolation.ulimits.some(({ name }) => name !== "nofile"), "ulimits other than nofile", local],
  [
    ({ isolation }) =>
      isolation.pidMode !== "" ||
      isolation.utsMode !== "" ||
      !["", "private", "shareable", "none"].includes(isolation.ipcMode),
    "namespaces of the host or another container",
    local
  ],
  [({ isolation }) => isolation.cgroupParent !== "", "--cgroup-parent", local],
  [({ process }) => process.groupAdd.length > 0, "--group-add", "set the groups in the image"],
  [
    ({ healthcheck }) => healthcheck !== undefined && !["NONE", undefined].includes(healthcheck.test[0]),
    "health checks",
    "leave them out with --no-healthcheck"
  ],
  [
    ({ stopTimeoutSeconds }) => (stopTimeoutSeconds ?? 0) > STOP_LIMIT_SECONDS || (stopTimeoutSeconds ?? 0) < 0,
    `a stop timeout above ${STOP_LIMIT_SECONDS} s`,
    `give --stop-timeout ${STOP_LIMIT_SECONDS} or less`
  ],
  [
    ({ logging }) => !["", "json-file", "local"].includes(logging.driver) || Object.keys(logging.options).length > 0,
    "log options",
    "logs go to CloudWatch"
  ]
]

/** CPU units and MiB that the options ask for; Fargate's smallest when they ask for nothing. */
export const wantedSize = ({ resources }: WorkloadSpec): { readonly cpuUnits: number; readonly mebibytes: number } => {
  const quota = resources.cpuQuotaMicros ?? 0
  const processors =
    (resources.nanoCpus ?? 0) > 0
      ? (resources.nanoCpus ?? 0) / 1e9
      : quota > 0
        ? quota / (resources.cpuPeriodMicros || 100_000)
        : 0
  return {
    cpuUnits: Math.ceil(processors * 1024),
    mebibytes: Math.ceil((resources.memoryBytes ?? 0) / MEBIBYTE)
  }
}

/** Refuses what a Fargate task cannot honour; tells a size that is rounded up. */
export const checkSpec = (spec: WorkloadSpec): Effect.Effect<ReadonlyArray<string>, Fault> =>
  Effect.suspend(() => {
    const broken = rules.find(([applies]) => applies(spec))
    if (broken !== undefined) {
      const [, option, wayOut] = broken
      return Effect.fail(new EcsUnsupported({ option, wayOut }))
    }
    const wanted = wantedSize(spec)
    const size = fargateSize(wanted.cpuUnits, wanted.mebibytes)
    if (size === undefined) {
      return Effect.fail(
        new EcsUnsupported({
          option: `${wanted.cpuUnits / 1024} CPUs with ${wanted.mebibytes} MiB`,
          wayOut: "Fargate offers up to 16 CPUs and 120 GiB"
        })
      )
    }
    const isAsked = wanted.cpuUnits > 0 || wanted.mebibytes > 0
    const isExact =
      (wanted.cpuUnits === 0 || wanted.cpuUnits === size.cpuUnits) &&
      (wanted.mebibytes === 0 || wanted.mebibytes === size.memoryMebibytes)
    return Effect.succeed(
      isAsked && !isExact
        ? [`Fargate gives this container ${size.cpuUnits / 1024} CPUs and ${size.memoryMebibytes} MiB`]
        : []
    )
  })

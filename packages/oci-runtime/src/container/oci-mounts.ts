import type { ContainerSpec, MountRequest } from "./spec.ts"

export interface OciMount {
  readonly destination: string
  readonly type: string
  readonly source: string
  readonly options: ReadonlyArray<string>
}

/** Docker's masked and read-only paths of /proc and /sys. */
const defaultMasked = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap"
]
const defaultReadonly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

export const maskedPathsOf = (spec: ContainerSpec): ReadonlyArray<string> =>
  spec.privileged ? [] : (spec.maskedPaths ?? defaultMasked)

export const readonlyPathsOf = (spec: ContainerSpec): ReadonlyArray<string> =>
  spec.privileged ? [] : (spec.readonlyPaths ?? defaultReadonly)

const systemMounts = (spec: ContainerSpec): ReadonlyArray<OciMount> => {
  const access = spec.privileged ? "rw" : "ro"
  const shm: OciMount =
    spec.namespaces.ipc === "host"
      ? { destination: "/dev/shm", type: "bind", source: "/dev/shm", options: ["rbind", "nosuid", "noexec", "nodev"] }
      : {
          destination: "/dev/shm",
          type: "tmpfs",
          source: "shm",
          options: ["nosuid", "noexec", "nodev", "mode=1777", `size=${spec.shmSizeBytes}`]
        }
  const mqueue: OciMount =
    spec.namespaces.ipc === "host"
      ? {
          destination: "/dev/mqueue",
          type: "bind",
          source: "/dev/mqueue",
          options: ["rbind", "nosuid", "noexec", "nodev"]
        }
      : { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] }
  return [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"]
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]
    },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", access] },
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [access, "nosuid", "noexec", "nodev"] },
    mqueue,
    shm
  ]
}

const ociMount = (mount: MountRequest): OciMount =>
  mount.type === "tmpfs"
    ? {
        destination: mount.destination,
        type: "tmpfs",
        source: "tmpfs",
        options: ["nosuid", "nodev", "noexec", ...mount.options]
      }
    : {
        destination: mount.destination,
        type: "bind",
        source: mount.source,
        options: [mount.recursive ? "rbind" : "bind", mount.readOnly ? "ro" : "rw", mount.propagation]
      }

/** Everything mounted into the container, outer destinations first so that nested ones stay visible. */
export const mountsOf = (spec: ContainerSpec): ReadonlyArray<OciMount> => {
  const asked = spec.mounts.map(ociMount)
  const destinations = new Set(asked.map((mount) => mount.destination))
  const depth = (mount: OciMount) => mount.destination.split("/").filter((part) => part !== "").length
  const all = [...systemMounts(spec).filter((mount) => !destinations.has(mount.destination)), ...asked]
  const init: ReadonlyArray<OciMount> =
    spec.initPath === undefined
      ? []
      : [{ destination: "/sbin/docker-init", type: "bind", source: spec.initPath, options: ["bind", "ro"] }]
  return [...all.toSorted((a, b) => depth(a) - depth(b)), ...init]
}

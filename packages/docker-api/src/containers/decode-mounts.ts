import type { RequestedWorkload } from "@sockerless/engine"
import type { WireMount } from "../wire/create-request.ts"

type MountSpec = RequestedWorkload["mounts"][number]

const invalid = (type: string, reason: string) => `invalid mount config for type "${type}": ${reason}`

/** What is wrong with one entry of `Mounts`, with dockerd's words; undefined when it can be honoured. */
export const mountProblem = (mount: WireMount): string | undefined => {
  const { Type: type } = mount
  if (!["bind", "volume", "tmpfs"].includes(type)) {
    return type === ""
      ? `mount type unknown: "": use bind, volume or tmpfs`
      : `invalid mount config: mount type "${type}" is not supported: use bind, volume or tmpfs`
  }
  if (mount.Target === "") return invalid(type, "field Target must not be empty")
  if (!mount.Target.startsWith("/")) {
    return invalid(type, `invalid mount path: '${mount.Target}' mount path must be absolute`)
  }
  if (mount.Target === "/") return invalid(type, "invalid specification: destination can't be '/'")
  if (type !== "bind" && mount.BindOptions !== null) return invalid(type, "field BindOptions must not be specified")
  if (type !== "volume" && mount.VolumeOptions !== null) {
    return invalid(type, "field VolumeOptions must not be specified")
  }
  if (type !== "tmpfs" && mount.TmpfsOptions !== null) return invalid(type, "field TmpfsOptions must not be specified")
  if (mount.ImageOptions !== null || mount.ClusterOptions !== null) {
    return invalid(type, "field ImageOptions must not be specified")
  }
  if (type === "tmpfs" && mount.Source !== "") return invalid(type, "field Source must not be specified")
  return type === "bind" ? bindProblem(mount) : type === "volume" ? volumeProblem(mount) : undefined
}

const propagations = new Set(["", "private", "rprivate", "shared", "rshared", "slave", "rslave"])

const bindProblem = (mount: WireMount) => {
  if (mount.Source === "") return invalid("bind", "field Source must not be empty")
  if (!mount.Source.startsWith("/")) {
    return invalid("bind", `invalid mount path: '${mount.Source}' mount path must be absolute`)
  }
  const propagation = mount.BindOptions?.Propagation ?? ""
  if (!propagations.has(propagation)) return invalid("bind", `invalid propagation mode: ${propagation}`)
  return mount.BindOptions?.ReadOnlyForceRecursive === true
    ? invalid("bind", "ReadOnlyForceRecursive is not supported: leave bind-recursive=readonly out")
    : undefined
}

const volumeProblem = (mount: WireMount) => {
  const driver = mount.VolumeOptions?.DriverConfig?.Name ?? ""
  return driver === "" || driver === "local"
    ? undefined
    : `error looking up volume plugin ${driver}: plugin "${driver}" not found; use the local driver`
}

const tmpfsOptions = (mount: WireMount) =>
  [
    ...(mount.ReadOnly ? ["ro"] : []),
    ...((mount.TmpfsOptions?.SizeBytes ?? 0) > 0 ? [`size=${mount.TmpfsOptions?.SizeBytes}`] : []),
    ...((mount.TmpfsOptions?.Mode ?? 0) > 0 ? [`mode=${(mount.TmpfsOptions?.Mode ?? 0).toString(8)}`] : []),
    ...(mount.TmpfsOptions?.Options ?? []).map((option) => (option ?? []).join("="))
  ].join(",")

/** One entry of `Mounts` in our words. `volumeName` replaces the name of a volume that had to be made first. */
export const mountSpec = (mount: WireMount, volumeName?: string): MountSpec => {
  if (mount.Type === "bind") {
    const propagation = mount.BindOptions?.Propagation ?? ""
    return {
      type: "bind",
      source: mount.Source,
      destination: mount.Target,
      readOnly: mount.ReadOnly,
      propagation: propagation === "" ? "rprivate" : propagation,
      nonRecursive: mount.BindOptions?.NonRecursive ?? false,
      createSource: mount.BindOptions?.CreateMountpoint ?? false,
      mode: ""
    }
  }
  if (mount.Type === "tmpfs") {
    return { type: "tmpfs", destination: mount.Target, options: tmpfsOptions(mount), short: false }
  }
  const subpath = mount.VolumeOptions?.Subpath ?? ""
  return {
    type: "volume",
    name: volumeName ?? mount.Source,
    anonymous: mount.Source === "",
    destination: mount.Target,
    readOnly: mount.ReadOnly,
    noCopy: mount.VolumeOptions?.NoCopy ?? false,
    ...(subpath === "" ? {} : { subpath }),
    driver: "local",
    mode: "z"
  }
}

/** A volume with labels or driver options of its own must exist before the container asks for it. */
export const needsOwnVolume = (mount: WireMount): boolean =>
  mount.Type === "volume" &&
  (Object.keys(mount.VolumeOptions?.Labels ?? {}).length > 0 ||
    Object.keys(mount.VolumeOptions?.DriverConfig?.Options ?? {}).length > 0)

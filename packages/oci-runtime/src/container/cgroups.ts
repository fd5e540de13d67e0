import { readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { CgroupLayout } from "./detect.ts"
import { sendSignal } from "./processes.ts"

const ROOT = "/sys/fs/cgroup"

const entries = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
  } catch {
    // Not mounted or already removed.
    return []
  }
}

/** Hierarchies a cgroup path exists in: one folder per v1 controller, or the single v2 root. */
export const hierarchies = (layout: CgroupLayout): ReadonlyArray<string> =>
  layout === "v2" ? [ROOT] : entries(ROOT).map((name) => join(ROOT, name))

/** Text of a cgroup file, undefined when controller or cgroup are absent. */
export const readCgroup = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8").trim()
  } catch {
    // The controller is not compiled in, or the container is gone: both mean "no figure".
    return undefined
  }
}

/** Folder of one controller's cgroup. */
export const controllerFolder = (layout: CgroupLayout, controller: string, cgroupPath: string): string =>
  layout === "v2" ? join(ROOT, cgroupPath) : join(ROOT, controller, cgroupPath)

/** Process ids in a cgroup and below. */
export const processesIn = (layout: CgroupLayout, cgroupPath: string): ReadonlyArray<number> => {
  const collect = (folder: string): ReadonlyArray<number> => [
    ...(readCgroup(join(folder, "cgroup.procs")) ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map(Number),
    ...entries(folder).flatMap((name) => collect(join(folder, name)))
  ]
  const folders = layout === "v2" ? [ROOT] : [join(ROOT, "pids"), join(ROOT, "memory"), join(ROOT, "freezer")]
  return [...new Set(folders.flatMap((folder) => collect(join(folder, cgroupPath))))]
}

/** Freezes or thaws every process of a cgroup. */
export const setFrozen = (layout: CgroupLayout, cgroupPath: string, frozen: boolean): void => {
  if (layout === "v2") writeFileSync(join(ROOT, cgroupPath, "cgroup.freeze"), frozen ? "1" : "0")
  else writeFileSync(join(ROOT, "freezer", cgroupPath, "freezer.state"), frozen ? "FROZEN" : "THAWED")
}

/** Whether the cgroup is frozen now. */
export const isFrozen = (layout: CgroupLayout, cgroupPath: string): boolean =>
  layout === "v2"
    ? readCgroup(join(ROOT, cgroupPath, "cgroup.freeze")) === "1"
    : readCgroup(join(ROOT, "freezer", cgroupPath, "freezer.state")) !== "THAWED" &&
      readCgroup(join(ROOT, "freezer", cgroupPath, "freezer.state")) !== undefined

const removeTree = (folder: string): boolean => {
  for (const name of entries(folder)) removeTree(join(folder, name))
  try {
    rmdirSync(folder)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT"
  }
}

/** Kills what still runs in a cgroup. */
export const killCgroup = (layout: CgroupLayout, cgroupPath: string): number => {
  const pids = processesIn(layout, cgroupPath)
  for (const pid of pids) sendSignal(pid, 9)
  return pids.length
}

/** Where the v2 tree is hidden, crun leaves plain files in its place. */
const removeHidden = (layout: CgroupLayout, cgroupPath: string): void => {
  if (layout === "v1") rmSync(join(ROOT, "unified", cgroupPath), { recursive: true, force: true })
}

/** Removes a cgroup from every hierarchy; false while processes are still leaving it. Absent is success. */
export const removeCgroup = (layout: CgroupLayout, cgroupPath: string): boolean => {
  removeHidden(layout, cgroupPath)
  return hierarchies(layout)
    .map((hierarchy) => removeTree(join(hierarchy, cgroupPath)))
    .every((removed) => removed)
}

/** Names of the cgroups below a parent, over all hierarchies. */
export const childCgroups = (layout: CgroupLayout, parent: string): ReadonlySet<string> =>
  new Set(hierarchies(layout).flatMap((hierarchy) => entries(join(hierarchy, parent))))

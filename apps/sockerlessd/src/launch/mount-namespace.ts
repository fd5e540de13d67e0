import { readFileSync } from "node:fs"

const UNIFIED = "/sys/fs/cgroup/unified"

/** Whether something is mounted at this very path, as this process sees it. */
export const isMountPoint = (path: string): boolean =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .some((line) => line.split(" ")[4] === path)

/** Whether systemd's hybrid layout is mounted: version 1 controllers with an empty version 2 tree beside them. */
export const isHybridCgroup = (): boolean => isMountPoint(UNIFIED)

/**
 * Shell text that hides the version 2 tree of the hybrid layout, which crun refuses. Run in a new mount namespace
 * whose propagation was left unchanged: only the two cgroup mounts are cut off from the host, all others (named
 * network namespaces, bind mounts of users) keep flowing both ways. A tmpfs takes its place: crun still writes files
 * there, and the bare folder belongs to the host.
 */
export const hideUnifiedScript = `mount --make-private /sys/fs/cgroup; mount --make-private ${UNIFIED}; umount ${UNIFIED}; mount -t tmpfs -o size=1m,mode=755 tmpfs ${UNIFIED}`

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs"
import { connect } from "node:net"
import { dirname, join } from "node:path"
import { type Host, hostText } from "../config/hosts.ts"
import { run } from "./command.ts"
import { type Finding, missing, ok, warn } from "./finding.ts"

const GIB = 1024 ** 3
const MIN_FREE_BYTES = 2 * GIB
const MIN_FREE_INODES = 50_000
const WANTED_FILES = 20_000

export const examineUser = (): Finding =>
  process.getuid?.() === 0
    ? ok("root", "yes")
    : missing("root", "containers need root; some checks below are blind without it", "sudo sockerlessd doctor")

const nearestFolder = (path: string): string => (existsSync(path) ? path : nearestFolder(dirname(path)))

/** Mounts an overlay where containers will have theirs, in a mount namespace that ends with the check. */
export const examineOverlay = async (dataRoot: string): Promise<Finding> => {
  const folder = mkdtempSync(join(nearestFolder(dataRoot), ".sockerless-doctor-"))
  for (const name of ["lower", "upper", "work", "merged"]) mkdirSync(join(folder, name))
  const options = `lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work`
  const script = 'mount -t overlay overlay -o "$1" "$2" && touch "$2/written"'
  const said = await run(
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-c",
    script,
    "sh",
    options,
    `${folder}/merged`
  )
  rmSync(folder, { recursive: true, force: true })
  if (said.code === 0) return ok("overlay", `mounted and written below ${nearestFolder(dataRoot)}`)
  return missing(
    "overlay",
    `cannot mount an overlay below ${nearestFolder(dataRoot)}: ${said.stderr.trim()}`,
    "modprobe overlay, or choose a --data-root on ext4 or xfs"
  )
}

const V2_CONTROLLERS = "/sys/fs/cgroup/cgroup.controllers"
const WANTED_CONTROLLERS = ["cpu", "memory", "pids"]

export const examineCgroups = (): Finding => {
  const v2 = existsSync(V2_CONTROLLERS)
  const present = v2
    ? readFileSync(V2_CONTROLLERS, "utf8").trim().split(" ")
    : readFileSync("/proc/self/cgroup", "utf8")
        .split("\n")
        .flatMap((line) => line.split(":")[1]?.split(",") ?? [])
  const absent = WANTED_CONTROLLERS.filter((name) => !present.includes(name))
  const text = `version ${v2 ? 2 : 1}`
  return absent.length === 0
    ? ok("cgroups", `${text} with ${WANTED_CONTROLLERS.join(", ")}`)
    : warn(
        "cgroups",
        `${text} without ${absent.join(", ")}: those limits are refused`,
        "boot with cgroup_enable=memory swapaccount=1, or switch to cgroup version 2 (systemd.unified_cgroup_hierarchy=1)"
      )
}

export const examineDisk = (dataRoot: string): Finding => {
  const folder = nearestFolder(dataRoot)
  const { bavail, bsize, ffree, files } = statfsSync(folder)
  const free = bavail * bsize
  const text = `${(free / GIB).toFixed(1)} GiB free at ${folder}`
  if (free < MIN_FREE_BYTES)
    return warn("disk", text, `docker system prune, or choose a --data-root with ${MIN_FREE_BYTES / GIB} GiB`)
  // File systems without a fixed number of inodes report none at all.
  if (files > 0 && ffree < MIN_FREE_INODES)
    return warn("disk", `${text}, but only ${ffree} inodes`, "docker system prune")
  return ok("disk", text)
}

export const examineLimits = (): Finding => {
  const line = readFileSync("/proc/self/limits", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith("Max open files"))
  const hard = line?.split(/\s+/)[4] ?? "0"
  return hard === "unlimited" || Number(hard) >= WANTED_FILES
    ? ok("limits", `${hard} open files`)
    : warn(
        "limits",
        `${hard} open files: enough for about ${Math.floor(Number(hard) / 40)} containers`,
        `ulimit -Hn ${WANTED_FILES}, or LimitNOFILE= in the unit`
      )
}

export const examineForwarding = (): Finding => {
  const value = readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim()
  return value === "1"
    ? ok("ip_forward", "on")
    : warn("ip_forward", "off: containers on a bridge cannot reach other machines", "sysctl -w net.ipv4.ip_forward=1")
}

/** Whether a socket is free, ours, or somebody else's. */
export const examineSocket = (host: Host): Promise<Finding> =>
  new Promise((resolve) => {
    const topic = "socket"
    const address = hostText(host)
    if (host.kind === "fd") return resolve(ok(topic, `${address} comes from systemd`))
    const socket = host.kind === "unix" ? connect(host.path) : connect(host.port, host.ip)
    socket.once("connect", () => {
      socket.destroy()
      resolve(ok(topic, `${address} is served: a daemon runs`))
    })
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(
        error.code === "ENOENT" || error.code === "ECONNREFUSED"
          ? ok(topic, `${address} is free`)
          : warn(topic, `${address}: ${error.message}`, "add yourself to the socket's group, or use sudo")
      )
    })
  })

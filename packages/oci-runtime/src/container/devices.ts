import { Effect } from "effect"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { attempt, type RuntimeFailed, StartFailed } from "./faults.ts"
import type { ContainerSpec, DeviceRequest } from "./spec.ts"

interface OciDevice {
  readonly type: "c" | "b" | "p"
  readonly path: string
  readonly major: number
  readonly minor: number
  readonly fileMode: number
  readonly uid: number
  readonly gid: number
}

interface CgroupRule {
  readonly allow: boolean
  readonly type?: string
  readonly major?: number
  readonly minor?: number
  readonly access: string
}

/** Docker's default rules: make any node, use the harmless ones. */
const defaultRules: ReadonlyArray<CgroupRule> = [
  { allow: false, access: "rwm" },
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  ...[
    [1, 3],
    [1, 8],
    [1, 7],
    [5, 0],
    [1, 5],
    [1, 9],
    [5, 1],
    [10, 229]
  ].map(([major = 0, minor = 0]): CgroupRule => ({ allow: true, type: "c", major, minor, access: "rwm" })),
  { allow: true, type: "c", major: 136, access: "rwm" },
  { allow: true, type: "c", major: 5, minor: 2, access: "rwm" }
]

/** Splits the kernel's packed device number (glibc `major`, `minor`). */
const majorOf = (rdev: number): number => Math.floor(rdev / 0x100) & 0xfff
const minorOf = (rdev: number): number => (rdev & 0xff) + (Math.floor(rdev / 0x100_000) & 0xfff) * 0x100

const describe = async (pathOnHost: string, path: string): Promise<OciDevice | undefined> => {
  const stats = await stat(pathOnHost)
  const type = stats.isCharacterDevice() ? "c" : stats.isBlockDevice() ? "b" : undefined
  if (type === undefined) return undefined
  return {
    type,
    path,
    major: majorOf(stats.rdev),
    minor: minorOf(stats.rdev),
    fileMode: stats.mode & 0o777,
    uid: stats.uid,
    gid: stats.gid
  }
}

/** Directories of /dev that are mounts of their own inside a container, or loop back into other ones. */
const skipped = new Set(["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"])

const everyHostDevice = async (folder: string): Promise<ReadonlyArray<OciDevice>> => {
  const found: Array<OciDevice> = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await everyHostDevice(path)))
    else if (entry.isCharacterDevice() || entry.isBlockDevice()) {
      const device = await describe(path, path)
      if (device !== undefined) found.push(device)
    }
  }
  return found
}

const requested = Effect.fnUntraced(function* (
  request: DeviceRequest
): Effect.fn.Return<ReadonlyArray<OciDevice>, StartFailed> {
  const gather = (reason: string) =>
    new StartFailed({
      text: `error gathering device information while adding custom device "${request.pathOnHost}": ${reason}`,
      exitCode: 128
    })
  const stats = yield* Effect.tryPromise({
    try: () => stat(request.pathOnHost),
    catch: () => gather("no such file or directory")
  })
  if (stats.isDirectory()) {
    const inside = yield* Effect.tryPromise({
      try: () => everyHostDevice(request.pathOnHost),
      catch: () => gather("not readable")
    })
    return inside.map((device) => ({
      ...device,
      path: device.path.replace(request.pathOnHost, request.pathInContainer)
    }))
  }
  const device = yield* Effect.tryPromise({
    try: () => describe(request.pathOnHost, request.pathInContainer),
    catch: () => gather("not readable")
  })
  return device === undefined ? yield* Effect.fail(gather("not a device node")) : [device]
})

/** `a 1:3 rwm` as devices.allow takes it; undefined when it is not of that form. */
export const parseDeviceRule = (text: string): CgroupRule | undefined => {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text)
  if (match === null) return undefined
  const [, type = "a", major = "*", minor = "*", access = "rwm"] = match
  return {
    allow: true,
    type,
    access,
    ...(major === "*" ? {} : { major: Number(major) }),
    ...(minor === "*" ? {} : { minor: Number(minor) })
  }
}

/** Device nodes to make and cgroup rules to set. */
export const devicesOf = Effect.fnUntraced(function* (
  spec: Pick<ContainerSpec, "privileged" | "devices" | "deviceCgroupRules">
): Effect.fn.Return<
  { readonly nodes: ReadonlyArray<OciDevice>; readonly rules: ReadonlyArray<CgroupRule> },
  StartFailed | RuntimeFailed
> {
  if (spec.privileged) {
    const nodes = yield* attempt("list host devices", () => everyHostDevice("/dev"))
    return { nodes, rules: [{ allow: true, access: "rwm" }] }
  }
  const added = yield* Effect.forEach(spec.devices, (request) =>
    Effect.map(requested(request), (nodes) => nodes.map((node) => ({ node, permissions: request.permissions })))
  )
  const nodes = added.flat()
  const rules = yield* Effect.forEach(spec.deviceCgroupRules, (text) => {
    const rule = parseDeviceRule(text)
    return rule === undefined
      ? Effect.fail(new StartFailed({ text: `invalid device cgroup rule format: '${text}'`, exitCode: 128 }))
      : Effect.succeed(rule)
  })
  return {
    nodes: nodes.map(({ node }) => node),
    rules: [
      ...defaultRules,
      ...nodes.map(({ node, permissions }): CgroupRule => ({
        allow: true,
        type: node.type,
        major: node.major,
        minor: node.minor,
        access: permissions
      })),
      ...rules
    ]
  }
})

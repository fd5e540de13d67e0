import type { MountSpec } from "@sockerless/backend-contract"
import { Effect } from "effect"
import { type DockerFault, invalid } from "../faults.ts"
import { newId } from "../identity.ts"
import type { RequestedWorkload } from "./containers.ts"

const modes = new Set([
  "ro",
  "rw",
  "z",
  "Z",
  "nocopy",
  "private",
  "rprivate",
  "shared",
  "rshared",
  "slave",
  "rslave",
  "cached",
  "delegated",
  "consistent"
])
const propagations = new Set(["private", "rprivate", "shared", "rshared", "slave", "rslave"])
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

const normal = (path: string): string => {
  const parts: Array<string> = []
  for (const part of path.split("/")) {
    if (part === "..") parts.pop()
    else if (part !== "" && part !== ".") parts.push(part)
  }
  return `/${parts.join("/")}`
}

const badSpec = (text: string) => invalid(`invalid volume specification: '${text}'`)

const anonymousVolume = (destination: string): MountSpec => ({
  type: "volume",
  name: newId(),
  anonymous: true,
  destination: normal(destination),
  readOnly: false,
  noCopy: false,
  driver: "local",
  mode: ""
})

/** `src:dst[:mode]`, `name:dst[:mode]` or a bare destination. */
export const parseBind = (text: string): Effect.Effect<MountSpec, DockerFault> =>
  Effect.gen(function* () {
    const parts = text.split(":")
    if (parts.length > 3 || parts.some((part) => part === "")) return yield* Effect.fail(badSpec(text))
    const [first = "", destination, mode = ""] = parts
    if (destination === undefined) {
      if (!first.startsWith("/")) return yield* Effect.fail(badSpec(text))
      return anonymousVolume(first)
    }
    if (!destination.startsWith("/")) {
      return yield* Effect.fail(
        invalid(
          `invalid volume specification: '${text}': invalid mount config for type "${first.startsWith("/") ? "bind" : "volume"}": invalid mount path: '${destination}' mount path must be absolute`
        )
      )
    }
    if (normal(destination) === "/") {
      return yield* Effect.fail(
        invalid(
          `invalid volume specification: '${text}': invalid mount config for type "bind": invalid specification: destination can't be '/'`
        )
      )
    }
    const options = mode === "" ? [] : mode.split(",")
    const bad = options.find((option) => !modes.has(option))
    if (bad !== undefined) return yield* Effect.fail(invalid(`invalid mode: ${mode}`))
    const readOnly = options.includes("ro")
    if (first.startsWith("/")) {
      return {
        type: "bind" as const,
        source: normal(first),
        destination: normal(destination),
        readOnly,
        propagation: options.find((option) => propagations.has(option)) ?? "rprivate",
        nonRecursive: false,
        createSource: true,
        mode
      }
    }
    if (!VOLUME_NAME.test(first)) {
      return yield* Effect.fail(
        invalid(
          `create ${first}: "${first}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`
        )
      )
    }
    return {
      type: "volume" as const,
      name: first,
      anonymous: false,
      destination: normal(destination),
      readOnly,
      noCopy: options.includes("nocopy"),
      driver: "local",
      mode
    }
  })

const named = (mount: MountSpec): MountSpec =>
  mount.type === "volume" && mount.name === ""
    ? { ...mount, name: newId(), anonymous: true, destination: normal(mount.destination) }
    : { ...mount, destination: normal(mount.destination) }

/**
 * Everything mounted into a container. What the user names wins over `--volumes-from`, that wins over the volumes the
 * image declares; two of the user's own at one place are refused.
 */
export const resolveMounts = Effect.fnUntraced(function* (
  requested: RequestedWorkload,
  imageVolumes: ReadonlyArray<string>,
  inherited: ReadonlyArray<MountSpec>
): Effect.fn.Return<ReadonlyArray<MountSpec>, DockerFault> {
  const binds = yield* Effect.forEach(requested.binds, parseBind)
  const tmpfs = Object.entries(requested.tmpfs).map(([destination, options]): MountSpec => ({
    type: "tmpfs",
    destination: normal(destination),
    options,
    short: true
  }))
  const relative = Object.keys(requested.tmpfs).find((destination) => !destination.startsWith("/"))
  if (relative !== undefined) {
    return yield* Effect.fail(invalid(`invalid mount path: '${relative}' mount path must be absolute`))
  }
  const own = [...binds, ...requested.mounts.map(named), ...tmpfs]
  const places = new Set<string>()
  for (const mount of own) {
    if (places.has(mount.destination)) return yield* Effect.fail(invalid(`Duplicate mount point: ${mount.destination}`))
    places.add(mount.destination)
  }
  const rest = [...inherited, ...[...requested.anonymousVolumes, ...imageVolumes].map(anonymousVolume)].filter(
    (mount) => {
      if (places.has(mount.destination)) return false
      places.add(mount.destination)
      return true
    }
  )
  return [...own, ...rest]
})

/** The `container[:ro|rw]` of `--volumes-from`. */
export const parseVolumesFrom = (
  text: string
): Effect.Effect<{ readonly ref: string; readonly readOnly: boolean }, DockerFault> => {
  const [ref = "", mode = "rw"] = text.split(":")
  return mode === "ro" || mode === "rw"
    ? Effect.succeed({ ref, readOnly: mode === "ro" })
    : Effect.fail(invalid(`invalid mode for volumes-from: ${mode}`))
}

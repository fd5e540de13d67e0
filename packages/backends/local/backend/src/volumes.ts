import { killpoint } from "@sockerless/killpoints"
import { Effect } from "effect"
import { lstat, mkdir, readdir, realpath, rename, rm, symlink } from "node:fs/promises"
import { join } from "node:path"
import { attempt, type LocalFailed, LocalUnsupported } from "./faults.ts"
import type { Paths } from "./paths.ts"

const allowedOptions = new Set(["type", "o", "device"])

/** The folder a `--opt type=none --opt o=bind --opt device=/path` volume stands for; undefined for a plain volume. */
const boundDevice = (
  options: Readonly<Record<string, string>>
): Effect.Effect<string | undefined, LocalUnsupported> => {
  const unknown = Object.keys(options).find((key) => !allowedOptions.has(key))
  if (unknown !== undefined) {
    return Effect.fail(new LocalUnsupported({ option: `volume option "${unknown}"`, wayOut: "use type, o and device" }))
  }
  const { type, o, device } = options
  if (type === undefined && o === undefined && device === undefined) return Effect.succeed(undefined)
  if ((type ?? "none") === "none" && o === "bind" && device?.startsWith("/") === true) return Effect.succeed(device)
  return Effect.fail(
    new LocalUnsupported({
      option: `volume options type=${type ?? ""} o=${o ?? ""} device=${device ?? ""}`,
      wayOut: "mount it on the host and use type=none, o=bind, device=/path, or --tmpfs for memory"
    })
  )
}

/**
 * Makes `volumes/<name>/_data`, a folder or a link to the bound device. Idempotent; a half-made volume is not visible
 * under its name because it is renamed into place last.
 */
export const createVolume = Effect.fn("local.volumes.create")(function* (
  paths: Paths,
  name: string,
  options: Readonly<Record<string, string>>
): Effect.fn.Return<{ readonly mountpoint: string }, LocalFailed | LocalUnsupported> {
  const device = yield* boundDevice(options)
  const folder = paths.volume(name)
  const mountpoint = join(folder, "_data")
  yield* attempt(`create volume ${name}`, async () => {
    const present = await lstat(folder).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false
        throw error
      }
    )
    if (present) return
    const draft = join(paths.volumes, `.new-${name}`)
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { recursive: true, mode: 0o711 })
    if (device === undefined) await mkdir(join(draft, "_data"), { mode: 0o755 })
    else await symlink(device, join(draft, "_data"))
    killpoint("local.volume.before-rename")
    await rename(draft, folder)
    killpoint("local.volume.after-rename")
  })
  return { mountpoint }
})

/** Removes a volume with its content; a bound device's content stays. Absent is success. */
export const removeVolume = (paths: Paths, name: string): Effect.Effect<void, LocalFailed> =>
  attempt(`remove volume ${name}`, () => rm(paths.volume(name), { recursive: true, force: true }))

/** Whether nothing has been written to a volume yet, which is when it takes over the image's content. */
export const isEmptyVolume = (mountpoint: string): Effect.Effect<boolean, LocalFailed> =>
  attempt(`look into volume ${mountpoint}`, async () => (await readdir(await realpath(mountpoint))).length === 0)

/** Nothing was written to it: an empty folder, or a link to a device that stays. */
const holdsNothing = async (folder: string): Promise<boolean> => {
  const data = join(folder, "_data")
  const stats = await lstat(data).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  return stats === undefined || !stats.isDirectory() || (await readdir(data)).length === 0
}

/**
 * Removes what a crash left half-made and volumes without a record that hold nothing; returns their names. A volume
 * without a record that holds data is kept.
 */
export const sweepVolumes = (
  paths: Paths,
  known: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, LocalFailed> =>
  attempt("sweep volumes", async () => {
    await mkdir(paths.volumes, { recursive: true, mode: 0o711 })
    const recorded = new Set(known)
    const removed: Array<string> = []
    for (const name of await readdir(paths.volumes)) {
      const folder = join(paths.volumes, name)
      if (name.startsWith(".new-") || (!recorded.has(name) && (await holdsNothing(folder)))) {
        await rm(folder, { recursive: true, force: true })
        removed.push(name)
      } else await rm(join(folder, "_data.filling"), { recursive: true, force: true })
    }
    return removed
  })

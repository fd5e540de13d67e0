import type { Table } from "@sockerless/simulator-kit"
import { Effect } from "effect"
import { chmod, chown, mkdir, rm, stat } from "node:fs/promises"
import { join, normalize } from "node:path"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import type { World } from "../world.ts"
import { AccessPointRecord, FileSystemRecord, MountTargetRecord } from "./records.ts"

/** What every operation of EFS works with. A file system is a folder of this machine. */
export interface EfsShelf {
  readonly world: World
  readonly fileSystems: Table<FileSystemRecord>
  readonly mountTargets: Table<MountTargetRecord>
  readonly accessPoints: Table<AccessPointRecord>
}

/** Opens what EFS held before. */
export const openEfs = Effect.fnUntraced(function* (world: World) {
  const { book } = world.simulation
  const shelf: EfsShelf = {
    world,
    fileSystems: yield* book.table("efs/file-systems", FileSystemRecord),
    mountTargets: yield* book.table("efs/mount-targets", MountTargetRecord),
    accessPoints: yield* book.table("efs/access-points", AccessPointRecord)
  }
  return shelf
})

export const fileSystemArn = (world: World, id: string): string => world.arn("elasticfilesystem", `file-system/${id}`)
export const accessPointArn = (world: World, id: string): string => world.arn("elasticfilesystem", `access-point/${id}`)

const errorOf = (code: string, text: string, status: number): AwsFault =>
  awsFault(code, text, { status, details: { ErrorCode: code } })

export const fileSystemOf = (shelf: EfsShelf, id: string): Effect.Effect<FileSystemRecord, AwsFault> => {
  const found = shelf.fileSystems.get(id.split("/").at(-1) ?? id)
  return found === undefined
    ? Effect.fail(errorOf("FileSystemNotFound", `File system '${id}' does not exist.`, 404))
    : Effect.succeed(found)
}

export const accessPointOf = (shelf: EfsShelf, id: string): Effect.Effect<AccessPointRecord, AwsFault> => {
  const found = shelf.accessPoints.get(id.split("/").at(-1) ?? id)
  return found === undefined
    ? Effect.fail(errorOf("AccessPointNotFound", `Access point ${id} does not exist.`, 404))
    : Effect.succeed(found)
}

export const mountTargetOf = (shelf: EfsShelf, id: string): Effect.Effect<MountTargetRecord, AwsFault> => {
  const found = shelf.mountTargets.get(id)
  return found === undefined
    ? Effect.fail(errorOf("MountTargetNotFound", `Mount target ${id} does not exist.`, 404))
    : Effect.succeed(found)
}

/** The folder of a file system. */
export const fileSystemFolder = (shelf: EfsShelf, id: string): string => join(shelf.world.dataRoot, "efs", id)

const folderIn = (shelf: EfsShelf, id: string, path: string): string =>
  // The path is taken as absolute first, so that it cannot lead out of the file system.
  join(fileSystemFolder(shelf, id), normalize(`/${path}`))

/** Makes an access point's root as EFS does: with the owner and mode it was created with, once. */
const makeRoot = (folder: string, root: AccessPointRecord["root"]): Effect.Effect<void> =>
  Effect.promise(async () => {
    const isThere = await stat(folder).then(
      () => true,
      () => false
    )
    if (isThere) return
    await mkdir(folder, { recursive: true, mode: 0o755 })
    if (root.CreationInfo === undefined) return
    await chmod(folder, Number.parseInt(root.CreationInfo.Permissions, 8))
    if (process.getuid?.() === 0) await chown(folder, root.CreationInfo.OwnerUid, root.CreationInfo.OwnerGid)
  })

/** Where a task or a function finds what it mounts. */
export const mountFolder = (
  shelf: EfsShelf,
  asked: { readonly fileSystem: string; readonly path: string; readonly accessPoint: string | undefined }
): Effect.Effect<string, AwsFault> =>
  Effect.gen(function* () {
    const { id } = yield* fileSystemOf(shelf, asked.fileSystem)
    const point = asked.accessPoint === undefined ? undefined : yield* accessPointOf(shelf, asked.accessPoint)
    const folder = folderIn(shelf, id, `${point?.root.Path ?? "/"}/${asked.path}`)
    yield* makeRoot(folder, point?.root ?? {})
    return folder
  })

/** Removes a file system's content. */
export const dropFolder = (shelf: EfsShelf, id: string): Effect.Effect<void> =>
  Effect.promise(() => rm(fileSystemFolder(shelf, id), { recursive: true, force: true }))

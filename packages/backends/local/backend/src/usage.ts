import { lstat, readdir } from "node:fs/promises"
import { join } from "node:path"
import type { Effect } from "effect"
import { attempt, type LocalFailed } from "./faults.ts"

const sizeOf = async (path: string, seen: Set<string>): Promise<number> => {
  const stats = await lstat(path)
  const inode = `${stats.dev}:${stats.ino}`
  if (stats.nlink > 1 && !stats.isDirectory()) {
    if (seen.has(inode)) return 0
    seen.add(inode)
  }
  if (!stats.isDirectory()) return stats.isFile() ? stats.size : 0
  let sum = 0
  for (const name of await readdir(path)) sum += await sizeOf(join(path, name), seen)
  return sum
}

/** Bytes of the files below a folder, hard links counted once; 0 when it is gone. */
export const folderBytes = (path: string): Effect.Effect<number, LocalFailed> =>
  attempt(`measure ${path}`, () =>
    sizeOf(path, new Set()).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return 0
      throw error
    })
  )

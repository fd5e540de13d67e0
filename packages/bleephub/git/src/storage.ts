import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { run, text } from "./run.ts"

/**
 * What every repository is configured with: durable refs and objects, checked objects, fetches of any commit, no
 * collection of garbage behind our back, and refs of ours that nobody sees or pushes.
 */
const CONFIG = `[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
	fsync = committed,loose-object,pack,reference
	fsyncMethod = fsync
	logAllRefUpdates = false
[receive]
	denyDeleteCurrent = ignore
	denyCurrentBranch = ignore
	fsckObjects = true
	advertisePushOptions = true
	advertiseAtomic = true
	autogc = false
	hideRefs = refs/pull
[transfer]
	hideRefs = refs/bleephub
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[gc]
	auto = 0
[http]
	receivepack = true
`

/** The folder of a repository; its number never changes, whatever its name does. */
export const repositoryPath = (folder: string, id: number): string => join(folder, `${id}.git`)

/** Makes an empty repository; one that is already there stays as it is. */
export const createStorage = async (folder: string, id: number, defaultBranch: string): Promise<void> => {
  const path = repositoryPath(folder, id)
  if (existsSync(path)) return
  const half = `${path}.new`
  await rm(half, { recursive: true, force: true })
  for (const part of ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"]) {
    await mkdir(join(half, part), { recursive: true })
  }
  await writeFile(join(half, "config"), CONFIG)
  await writeFile(join(half, "HEAD"), `ref: refs/heads/${defaultBranch}\n`)
  await rename(half, path)
}

/** Copies everything of one repository into a new one; objects are shared by hard links where the disk can. */
export const copyStorage = async (folder: string, from: number, to: number): Promise<void> => {
  const path = repositoryPath(folder, to)
  if (existsSync(path)) return
  const half = `${path}.new`
  await rm(half, { recursive: true, force: true })
  await cp(repositoryPath(folder, from), half, { recursive: true })
  const pulls = await text(half, ["for-each-ref", "--format=delete %(refname)", "refs/pull", "refs/bleephub"])
  if (pulls !== "") await run(half, ["update-ref", "--stdin"], { input: `${pulls}\n` })
  await rename(half, path)
}

/** Removes a repository; absent is success. */
export const removeStorage = (folder: string, id: number): Promise<void> =>
  rm(repositoryPath(folder, id), { recursive: true, force: true })

/** Points HEAD to another branch. */
export const setHead = async (path: string, branch: string): Promise<void> => {
  await run(path, ["symbolic-ref", "HEAD", `refs/heads/${branch}`])
}

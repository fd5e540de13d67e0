import { readdir } from "node:fs/promises"
import { createStorage, listRefs, removeStorage, repositoryPath, ZERO } from "@sockerless/bleephub-git"
import type { Hub } from "../hub.ts"
import { markMerged } from "../pulls/follow.ts"
import { syncPullRefs } from "../pulls/refs.ts"
import { sweepContent } from "../releases/blobs.ts"
import { finishRefs } from "./move-refs.ts"

/** Folders without a row are of repositories that were deleted; rows without a folder were being made. */
const matchFolders = async (hub: Hub): Promise<void> => {
  const folders = new Set(await readdir(hub.repositoriesFolder))
  for (const repository of hub.tables.repositories.all()) {
    if (folders.delete(`${repository.id}.git`)) continue
    await createStorage(hub.repositoriesFolder, repository.id, repository.defaultBranch)
  }
  for (const folder of folders) {
    const id = /^(\d+)\.git$/.exec(folder)?.[1]
    if (id !== undefined) await removeStorage(hub.repositoriesFolder, Number(id))
  }
}

/** Makes rows and refs agree again after a crash: an intent whose ref has moved is finished, any other is forgotten. */
export const recoverRepositories = async (hub: Hub): Promise<void> => {
  await matchFolders(hub)
  await sweepContent(hub)
  for (const intent of hub.tables.refIntents.all()) {
    const path = repositoryPath(hub.repositoriesFolder, intent.repositoryId)
    const refs = new Map((await listRefs(path)).map((ref) => [ref.name, ref.sha]))
    const moved = intent.updates.filter((update) => (refs.get(update.ref) ?? ZERO) === update.new)
    const pull = intent.pullId === null ? undefined : hub.tables.pulls.get(intent.pullId)
    const [merge] = moved
    const actor = hub.tables.accounts.need(intent.actorId)
    await finishRefs(hub, intent, moved, () => {
      if (pull !== undefined && merge !== undefined && pull.mergedAt === null) markMerged(hub, actor, pull, merge.new)
    })
  }
  for (const repository of hub.tables.repositories.all()) await syncPullRefs(hub, repository)
}

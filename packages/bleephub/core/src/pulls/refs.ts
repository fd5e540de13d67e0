import { borrow, listRefs, repositoryPath, type RefUpdate, updateRefs, ZERO } from "@sockerless/bleephub-git"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"

const NUMBER = /^refs\/pull\/(\d+)\/head$/

/** Makes `refs/pull/<number>/head` of a repository say what its rows say; what was right already stays. */
export const syncPullRefs = async (hub: Hub, repository: Repository): Promise<void> => {
  const pulls = hub.tables.pulls.where("repository", repository.id)
  if (pulls.length === 0) return
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  const known = new Map<number, string>()
  for (const ref of await listRefs(path, "refs/pull")) {
    const number = NUMBER.exec(ref.name)?.[1]
    if (number !== undefined) known.set(Number(number), ref.sha)
  }
  const updates: Array<RefUpdate> = []
  for (const pull of pulls) {
    if (known.get(pull.number) === pull.headSha) continue
    const from = pull.headRepositoryId
    if (from !== null && hub.tables.repositories.get(from) !== undefined) {
      await borrow(path, repositoryPath(hub.repositoriesFolder, from), pull.headSha)
    }
    updates.push({ ref: `refs/pull/${pull.number}/head`, old: known.get(pull.number) ?? ZERO, new: pull.headSha })
  }
  if (updates.length > 0) await updateRefs(path, updates)
}

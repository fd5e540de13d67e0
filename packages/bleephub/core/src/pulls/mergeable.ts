import { aheadBehind, mergeTrees, readRef, repositoryPath } from "@sockerless/bleephub-git"
import { mergeObstacle } from "../protection/obstacle.ts"
import type { Hub } from "../hub.ts"
import type { Pull } from "./rows.ts"

export interface MergeState {
  /** The base branch's commit now; undefined when the branch is gone. */
  readonly baseSha: string | undefined
  readonly mergeable: boolean
  readonly state: "clean" | "dirty" | "draft" | "blocked" | "behind" | "unstable" | "unknown"
  /** Why it must not be merged although git could. */
  readonly obstacle: string | undefined
}

const CACHE_LIMIT = 10_000
const caches = new WeakMap<Hub, Map<string, boolean>>()

const mergesCleanly = async (hub: Hub, path: string, base: string, head: string): Promise<boolean> => {
  const cache = caches.get(hub) ?? new Map<string, boolean>()
  caches.set(hub, cache)
  const key = `${base} ${head}`
  const known = cache.get(key)
  if (known !== undefined) return known
  const clean = (await mergeTrees(path, base, head)) !== undefined
  if (cache.size >= CACHE_LIMIT) cache.clear()
  cache.set(key, clean)
  return clean
}

/** Whether a pull request can be merged, computed by git from what both branches are now. */
export const mergeStateOf = async (hub: Hub, pull: Pull): Promise<MergeState> => {
  const path = repositoryPath(hub.repositoriesFolder, pull.repositoryId)
  const baseSha = (await readRef(path, `refs/heads/${pull.baseRef}`))?.sha
  if (baseSha === undefined) return { baseSha, mergeable: false, state: "unknown", obstacle: "The base branch is gone" }
  if (!(await mergesCleanly(hub, path, baseSha, pull.headSha))) {
    return { baseSha, mergeable: false, state: "dirty", obstacle: "Merge conflict" }
  }
  if (pull.draft) return { baseSha, mergeable: true, state: "draft", obstacle: "Pull Request is still a draft" }
  const { behind } = await aheadBehind(path, baseSha, pull.headSha)
  const obstacle = mergeObstacle(hub, pull, behind > 0)
  if (obstacle === undefined) return { baseSha, mergeable: true, state: "clean", obstacle }
  return { baseSha, mergeable: true, state: obstacle.kind, obstacle: obstacle.reason }
}

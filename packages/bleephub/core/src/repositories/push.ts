import { listRefs, type PushDecision, type RefUpdate, repositoryPath, setHead, ZERO } from "@sockerless/bleephub-git"
import { killpoint } from "@sockerless/killpoints"
import type { Account } from "../accounts/rows.ts"
import type { Hub } from "../hub.ts"
import { forbidsForce, refuseRef } from "../protection/refuse.ts"
import { beginRefs, finishRefs } from "./move-refs.ts"
import type { RefIntent, Repository } from "./rows.ts"

const movedOf = async (path: string, updates: ReadonlyArray<RefUpdate>): Promise<ReadonlyArray<RefUpdate>> => {
  const refs = new Map((await listRefs(path, ...updates.map((one) => one.ref))).map((ref) => [ref.name, ref.sha]))
  return updates.filter((update) => (refs.get(update.ref) ?? ZERO) === update.new && update.old !== update.new)
}

/** The first branch pushed into an empty repository becomes its default unless the default itself came. */
const adoptDefault = async (hub: Hub, repository: Repository, moved: ReadonlyArray<RefUpdate>): Promise<void> => {
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  const branches = moved.filter((one) => one.ref.startsWith("refs/heads/") && one.new !== ZERO)
  const [first] = branches
  if (first === undefined) return
  const existing = await listRefs(path, "refs/heads")
  if (existing.some((ref) => ref.name === `refs/heads/${repository.defaultBranch}`)) return
  if (existing.length > branches.length) return
  const branch = first.ref.replace("refs/heads/", "")
  await hub.change(() => hub.tables.repositories.update(repository.id, { defaultBranch: branch }))
  await setHead(path, branch)
}

/** How a push by this account is judged, begun and ended; the caller holds `hub.exclusive`. */
export const pushDecision = (hub: Hub, actor: Account, repository: Repository): PushDecision => {
  let intent: RefIntent | undefined
  return {
    refuse: (update) => refuseRef(hub, actor, repository, update),
    refuseForced: (updates) => updates.some((update) => forbidsForce(hub, repository, update)),
    before: async (updates) => {
      intent = await beginRefs(hub, actor, repository, updates)
      killpoint("bleephub.push.before-git")
    },
    after: async (updates) => {
      killpoint("bleephub.push.after-git")
      const moved = await movedOf(repositoryPath(hub.repositoriesFolder, repository.id), updates)
      await adoptDefault(hub, repository, moved)
      if (intent !== undefined) await finishRefs(hub, intent, moved)
    }
  }
}

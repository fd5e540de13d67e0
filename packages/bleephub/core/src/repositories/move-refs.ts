import { RefMoved, type RefUpdate, repositoryPath, updateRefs, ZERO } from "@sockerless/bleephub-git"
import { killpoint } from "@sockerless/killpoints"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { Conflict } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { followPullRefs, pullEffects } from "../pulls/follow.ts"
import type { RefIntent, Repository } from "./rows.ts"

/** Writes down that refs are about to move, so that a start can finish what a crash cut off. */
export const beginRefs = (
  hub: Hub,
  actor: Account,
  repository: Repository,
  updates: ReadonlyArray<RefUpdate>,
  pullId: number | null = null
): Promise<RefIntent> =>
  hub.change(() =>
    hub.tables.refIntents.insert({
      repositoryId: repository.id,
      actorId: actor.id,
      updates: updates.map((one) => ({ ref: one.ref, old: one.old, new: one.new })),
      pullId,
      createdAt: hub.now()
    })
  )

/** Ends an intent: the effects of the refs that did move are written and the intent is gone, in one commit. */
export const finishRefs = async (
  hub: Hub,
  intent: RefIntent,
  moved: ReadonlyArray<RefUpdate>,
  also: () => void = () => undefined
): Promise<void> => {
  const known = hub.tables.repositories.get(intent.repositoryId)
  const actor = hub.tables.accounts.need(intent.actorId)
  const effects = known === undefined ? [] : await pullEffects(hub, actor, known, moved)
  await hub.change(() => {
    const repository = hub.tables.repositories.get(intent.repositoryId)
    hub.tables.refIntents.remove(intent.id)
    if (repository === undefined || moved.length === 0) return
    hub.tables.repositories.update(repository.id, { pushedAt: hub.now(), updatedAt: hub.now() })
    for (const update of moved) refMoved(hub, actor, repository, update)
    also()
    for (const effect of effects) effect()
  })
  if (known !== undefined) await followPullRefs(hub, known, moved)
}

const refMoved = (hub: Hub, actor: Account, repository: Repository, update: RefUpdate): void => {
  const detail = { ref: update.ref, before: update.old, after: update.new }
  if (!/^refs\/(heads|tags)\//.test(update.ref)) return
  emit(hub, { event: "push", actor, repository, detail })
  if (update.old === ZERO) emit(hub, { event: "create", actor, repository, detail })
  if (update.new === ZERO) emit(hub, { event: "delete", actor, repository, detail })
}

/**
 * Moves refs of a repository for the server itself (REST, merges, contents) and writes what follows. The caller
 * holds `hub.exclusive` or knows that nobody else sees the repository yet.
 */
export const moveRefs = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  updates: ReadonlyArray<RefUpdate>,
  options: { readonly pullId?: number; readonly also?: () => void } = {}
): Promise<void> => {
  const intent = await beginRefs(hub, actor, repository, updates, options.pullId ?? null)
  killpoint("bleephub.refs.before-git")
  try {
    await updateRefs(repositoryPath(hub.repositoriesFolder, repository.id), updates)
  } catch (error) {
    await finishRefs(hub, intent, [])
    if (error instanceof RefMoved) throw new Conflict({ reason: error.message })
    throw error
  }
  killpoint("bleephub.refs.after-git")
  await finishRefs(hub, intent, updates, options.also)
}

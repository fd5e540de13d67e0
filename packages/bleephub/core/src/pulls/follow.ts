import { commitsBetween, isAncestor, repositoryPath, type RefUpdate, resolve, ZERO } from "@sockerless/bleephub-git"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import type { Hub } from "../hub.ts"
import { recordEvent } from "../issues/record.ts"
import { setState } from "../issues/update.ts"
import type { Repository } from "../repositories/rows.ts"
import { closeByText } from "./closing.ts"
import type { Pull } from "./rows.ts"
import { syncPullRefs } from "./refs.ts"

/** What a moved ref changes in rows, found out by git before and written with the move's other effects. */
type Effect = () => void

const BRANCH = /^refs\/heads\//

const isOpen = (hub: Hub, pull: Pull): boolean =>
  pull.mergedAt === null && hub.tables.issues.need(pull.issueId).state === "open"

/** Marks a pull request as merged. Part of a change. */
export const markMerged = (hub: Hub, actor: Account, pull: Pull, sha: string): void => {
  const issue = hub.tables.issues.need(pull.issueId)
  const repository = hub.tables.repositories.need(pull.repositoryId)
  hub.tables.pulls.update(pull.id, { mergedAt: hub.now(), mergedById: actor.id, mergeSha: sha, autoMerge: null })
  recordEvent(hub, actor, issue, "merged", { commitId: sha })
  setState(hub, actor, issue, "closed")
  if (pull.baseRef === repository.defaultBranch) closeByText(hub, actor, repository, issue.body)
}

const followHead = (hub: Hub, actor: Account, repository: Repository, update: RefUpdate): ReadonlyArray<Effect> => {
  const branch = update.ref.replace(BRANCH, "")
  return hub.tables.pulls
    .where("head", `${repository.id} ${branch}`)
    .filter((pull) => isOpen(hub, pull))
    .map((pull) => () => {
      const issue = hub.tables.issues.need(pull.issueId)
      if (hub.tables.pulls.need(pull.id).mergedAt !== null) return
      if (update.new === ZERO) {
        recordEvent(hub, actor, issue, "head_ref_deleted")
        setState(hub, actor, issue, "closed")
        return
      }
      hub.tables.pulls.update(pull.id, { headSha: update.new })
      hub.tables.issues.update(issue.id, { updatedAt: hub.now() })
      emit(hub, {
        event: "pull_request",
        action: "synchronize",
        actor,
        repository: hub.tables.repositories.need(pull.repositoryId),
        detail: { issueId: issue.id, before: update.old, after: update.new }
      })
    })
}

const followBase = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  update: RefUpdate
): Promise<ReadonlyArray<Effect>> => {
  if (update.new === ZERO) return []
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  const effects: Array<Effect> = []
  for (const pull of hub.tables.pulls.where("base", `${repository.id} ${update.ref.replace(BRANCH, "")}`)) {
    if (!isOpen(hub, pull) || (await resolve(path, `${pull.headSha}^{commit}`)) === undefined) continue
    const contained = await isAncestor(path, pull.headSha, update.new)
    // A merge through the API has marked it already, with the very commit.
    if (contained) {
      effects.push(() => {
        if (hub.tables.pulls.need(pull.id).mergedAt === null) markMerged(hub, actor, pull, update.new)
      })
    }
  }
  if (update.ref !== `refs/heads/${repository.defaultBranch}` || update.old === ZERO) return effects
  const known = await resolve(path, `${update.old}^{commit}`)
  if (known === undefined) return effects
  const commits = await commitsBetween(path, update.old, update.new)
  for (const commit of commits) effects.push(() => closeByText(hub, actor, repository, commit.message))
  return effects
}

/** What moved branches do to pull requests and issues; nothing is written yet. */
export const pullEffects = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  moved: ReadonlyArray<RefUpdate>
): Promise<ReadonlyArray<Effect>> => {
  const effects: Array<Effect> = []
  for (const update of moved) {
    if (!BRANCH.test(update.ref)) continue
    effects.push(...(await followBase(hub, actor, repository, update)))
    effects.push(...followHead(hub, actor, repository, update))
  }
  return effects
}

/** The repositories whose pull requests come from these branches, their refs brought up to date. */
export const followPullRefs = async (
  hub: Hub,
  repository: Repository,
  moved: ReadonlyArray<RefUpdate>
): Promise<void> => {
  const ids = new Set<number>()
  for (const update of moved) {
    const branch = update.ref.replace(BRANCH, "")
    for (const pull of hub.tables.pulls.where("head", `${repository.id} ${branch}`)) ids.add(pull.repositoryId)
  }
  for (const id of ids) await syncPullRefs(hub, hub.tables.repositories.need(id))
}

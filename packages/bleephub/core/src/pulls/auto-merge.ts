import { requireWriter } from "../access/repository.ts"
import type { Viewer } from "../access/viewer.ts"
import { emit } from "../events/emit.ts"
import { isHubFault, unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { recordEvent } from "../issues/record.ts"
import type { PullRequest } from "./find.ts"
import { mergePull } from "./merge.ts"
import { mergeStateOf } from "./mergeable.ts"
import type { Pull } from "./rows.ts"

export type AutoMerge = Pick<NonNullable<Pull["autoMerge"]>, "method" | "title" | "message">

/** Has a pull request merged as soon as nothing stands in its way; one that could be merged now is refused, as there. */
export const enableAutoMerge = async (
  hub: Hub,
  viewer: Viewer,
  { pull, issue }: PullRequest,
  asked: AutoMerge
): Promise<void> => {
  const repository = hub.tables.repositories.need(pull.repositoryId)
  const actor = requireWriter(hub, viewer, repository)
  if (!repository.allowAutoMerge) throw unprocessable("Auto merge is not allowed for this repository")
  if (issue.state === "closed") throw unprocessable("Pull request is closed")
  const { state } = await mergeStateOf(hub, pull)
  if (state === "clean") throw unprocessable("Pull request is in clean status")
  await hub.change(() => {
    hub.tables.pulls.update(pull.id, { autoMerge: { ...asked, enabledById: actor.id, enabledAt: hub.now() } })
    recordEvent(hub, actor, issue, "auto_merge_enabled")
    emit(hub, {
      event: "pull_request",
      action: "auto_merge_enabled",
      actor,
      repository,
      detail: { issueId: issue.id }
    })
  })
}

/** Takes that back. */
export const disableAutoMerge = async (hub: Hub, viewer: Viewer, { pull, issue }: PullRequest): Promise<void> => {
  const repository = hub.tables.repositories.need(pull.repositoryId)
  const actor = requireWriter(hub, viewer, repository)
  await hub.change(() => {
    if (hub.tables.pulls.need(pull.id).autoMerge === null) return
    hub.tables.pulls.update(pull.id, { autoMerge: null })
    recordEvent(hub, actor, issue, "auto_merge_disabled")
  })
}

/** Acts for the account that enabled auto-merge: the right to merge is that account's, as it is now. */
const enabler = (hub: Hub, autoMerge: NonNullable<Pull["autoMerge"]>): Viewer => {
  const account = hub.tables.accounts.need(autoMerge.enabledById)
  const base = { id: 0, accountId: account.id, hash: "", note: "auto-merge", expiresAt: null, createdAt: 0 }
  return { account, token: { ...base, kind: "classic", scopes: ["repo"] } }
}

const mergeIfReady = async (hub: Hub, pull: Pull): Promise<void> => {
  const { autoMerge } = pull
  if (autoMerge === null || hub.tables.issues.need(pull.issueId).state === "closed") return
  const { state } = await mergeStateOf(hub, pull)
  if (state !== "clean") return
  const repository = hub.tables.repositories.need(pull.repositoryId)
  const asked = {
    method: autoMerge.method,
    title: autoMerge.title ?? undefined,
    message: autoMerge.message ?? undefined,
    sha: pull.headSha
  }
  try {
    await mergePull(hub, enabler(hub, autoMerge), repository, pull.number, asked)
  } catch (fault) {
    // Something else came first, or the right to merge is gone; the next change asks again.
    if (!isHubFault(fault)) throw fault
  }
}

/** Merges every pull request that waits for it and that nothing stands in the way of any more. */
export const runAutoMerges = async (hub: Hub): Promise<void> => {
  for (const pull of hub.tables.pulls.where("autoMerge", "enabled")) await mergeIfReady(hub, pull)
}

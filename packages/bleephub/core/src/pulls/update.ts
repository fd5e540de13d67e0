import { mergeCommit, readRef, repositoryPath } from "@sockerless/bleephub-git"
import { grantedRole, requireReader, requireWriter } from "../access/repository.ts"
import { atLeast } from "../access/role.ts"
import type { Viewer } from "../access/viewer.ts"
import { personOf } from "../accounts/person.ts"
import { emit } from "../events/emit.ts"
import { Conflict, Forbidden, invalid, unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { recordEvent } from "../issues/record.ts"
import { type IssueChange, requireEditor, updateIssue } from "../issues/update.ts"
import { moveRefs } from "../repositories/move-refs.ts"
import type { Repository } from "../repositories/rows.ts"
import type { PullRequest } from "./find.ts"
import { mergeStateOf } from "./mergeable.ts"
import type { Pull } from "./rows.ts"

export interface PullChange extends IssueChange {
  readonly base?: string | undefined
  readonly maintainerCanModify?: boolean | undefined
}

/** Changes a pull request: its issue side, its base branch, who may push to its head. */
export const updatePull = async (
  hub: Hub,
  viewer: Viewer,
  repository: Repository,
  { pull, issue }: PullRequest,
  change: PullChange
): Promise<PullRequest> => {
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  const base = change.base ?? pull.baseRef
  const baseSha = base === pull.baseRef ? pull.baseSha : (await readRef(path, `refs/heads/${base}`))?.sha
  if (baseSha === undefined) throw invalid({ resource: "PullRequest", field: "base", code: "invalid" })
  if (change.state === "open" && pull.mergedAt !== null) {
    throw unprocessable("Validation Failed", "This pull request has been merged and cannot be reopened.")
  }
  return hub.change(() => {
    const actor = requireEditor(hub, viewer, repository, issue)
    if (base !== pull.baseRef) recordEvent(hub, actor, issue, "base_ref_changed", { from: pull.baseRef, to: base })
    const after = hub.tables.pulls.update(pull.id, {
      baseRef: base,
      baseSha,
      maintainerCanModify: change.maintainerCanModify ?? pull.maintainerCanModify
    })
    return { pull: after, issue: updateIssue(hub, viewer, repository, issue, change) }
  })
}

/** Makes a pull request a draft or ready for review; its author and writers may. Part of a change. */
export const setDraft = (
  hub: Hub,
  viewer: Viewer,
  repository: Repository,
  request: PullRequest,
  draft: boolean
): Pull => {
  const { pull, issue } = request
  const actor = requireReader(hub, viewer, repository)
  if (issue.authorId !== actor.id && !atLeast(grantedRole(hub, actor, repository), "write")) {
    throw new Forbidden({ reason: "Must have push access to repository." })
  }
  if (pull.draft === draft) return pull
  recordEvent(hub, actor, issue, draft ? "convert_to_draft" : "ready_for_review")
  const action = draft ? "converted_to_draft" : "ready_for_review"
  emit(hub, { event: "pull_request", action, actor, repository, detail: { issueId: issue.id } })
  hub.tables.issues.update(issue.id, { updatedAt: hub.now() })
  return hub.tables.pulls.update(pull.id, { draft })
}

/** Merges the base branch into the head branch. */
export const updateBranch = async (
  hub: Hub,
  viewer: Viewer,
  pull: Pull,
  expectedHead: string | undefined
): Promise<void> => {
  const head = pull.headRepositoryId === null ? undefined : hub.tables.repositories.get(pull.headRepositoryId)
  if (head === undefined) throw unprocessable("The head repository is gone.")
  const actor = requireWriter(hub, viewer, head)
  if (expectedHead !== undefined && expectedHead !== pull.headSha) {
    throw unprocessable("expected head sha didn't match current head ref.")
  }
  const { baseSha, mergeable } = await mergeStateOf(hub, pull)
  if (baseSha === undefined || !mergeable) throw unprocessable("merge conflict between base and head")
  await hub.exclusive(head.id, async () => {
    const path = repositoryPath(hub.repositoriesFolder, head.id)
    const message = `Merge branch '${pull.baseRef}' into ${pull.headRef}\n`
    const sha = await mergeCommit(path, {
      base: pull.headSha,
      head: baseSha,
      author: personOf(hub, actor),
      message
    })
    if (sha === undefined) throw new Conflict({ reason: "merge conflict between base and head" })
    await moveRefs(hub, actor, head, [{ ref: `refs/heads/${pull.headRef}`, old: pull.headSha, new: sha }])
  })
}

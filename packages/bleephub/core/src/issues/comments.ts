import { requireReader, roleOf } from "../access/repository.ts"
import { atLeast } from "../access/role.ts"
import type { Viewer } from "../access/viewer.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { Forbidden, invalid } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import { checkText } from "./create.ts"
import type { Comment, Issue } from "./rows.ts"

const checkBody = (body: string): void => {
  if (body.trim() === "") throw invalid({ resource: "IssueComment", field: "body", code: "missing_field" })
  checkText("IssueComment", { body })
}

const happened = (hub: Hub, actor: Account, comment: Comment, action: string): void =>
  emit(hub, {
    event: "issue_comment",
    action,
    actor,
    repository: hub.tables.repositories.need(comment.repositoryId),
    detail: { issueId: comment.issueId, commentId: comment.id, body: comment.body }
  })

/** Says something on an issue or pull request; a locked one takes it from writers only. Part of a change. */
export const createComment = (
  hub: Hub,
  viewer: Viewer,
  repository: Repository,
  issue: Issue,
  body: string
): Comment => {
  const actor = requireReader(hub, viewer, repository)
  if (issue.locked && !atLeast(roleOf(hub, viewer, repository), "write")) {
    throw new Forbidden({ reason: "Unable to create comment because issue is locked." })
  }
  checkBody(body)
  const now = hub.now()
  const comment = hub.tables.comments.insert({
    issueId: issue.id,
    repositoryId: repository.id,
    authorId: actor.id,
    body,
    createdAt: now,
    updatedAt: now
  })
  hub.tables.issues.update(issue.id, { updatedAt: now })
  happened(hub, actor, comment, "created")
  return comment
}

const requireCommenter = (hub: Hub, viewer: Viewer, repository: Repository, comment: Comment): Account => {
  const actor = requireReader(hub, viewer, repository)
  if (comment.authorId !== actor.id && !atLeast(roleOf(hub, viewer, repository), "write")) {
    throw new Forbidden({ reason: "Must have admin rights to Repository." })
  }
  return actor
}

/** Changes what a comment says; its author and writers may. Part of a change. */
export const updateComment = (
  hub: Hub,
  viewer: Viewer,
  repository: Repository,
  comment: Comment,
  body: string
): Comment => {
  const actor = requireCommenter(hub, viewer, repository, comment)
  checkBody(body)
  const after = hub.tables.comments.update(comment.id, { body, updatedAt: hub.now() })
  happened(hub, actor, after, "edited")
  return after
}

/** Takes a comment away with its reactions; its author and writers may. Part of a change. */
export const deleteComment = (hub: Hub, viewer: Viewer, repository: Repository, comment: Comment): void => {
  const actor = requireCommenter(hub, viewer, repository, comment)
  for (const reaction of hub.tables.reactions.where("subject", `comment ${comment.id}`)) {
    hub.tables.reactions.remove(reaction.id)
  }
  hub.tables.comments.remove(comment.id)
  happened(hub, actor, comment, "deleted")
}

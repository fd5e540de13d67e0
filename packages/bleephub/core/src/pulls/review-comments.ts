import { requireReader } from "../access/repository.ts"
import type { Viewer } from "../access/viewer.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { Forbidden, invalid, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import type { PullRequest } from "./find.ts"
import type { Pull, Review, ReviewComment } from "./rows.ts"

export interface NewReviewComment {
  readonly path: string
  readonly body: string
  readonly line: number | null
  readonly startLine?: number | null | undefined
  readonly side?: ReviewComment["side"] | undefined
  readonly startSide?: ReviewComment["side"] | null | undefined
  readonly subject?: ReviewComment["subject"] | undefined
  readonly commitSha?: string | undefined
  readonly replyToId?: number | null | undefined
  /** The part of the difference it stands at. */
  readonly diffHunk: string
}

/** The comment of an id in this repository that the viewer may see, or 404. */
export const findReviewComment = (hub: Hub, viewer: Viewer, repository: Repository, id: number): ReviewComment => {
  const comment = hub.tables.reviewComments.get(id)
  if (comment === undefined || comment.repositoryId !== repository.id) throw notFound()
  const review = hub.tables.reviews.need(comment.reviewId)
  if (review.state === "PENDING" && review.authorId !== viewer.account?.id) throw notFound()
  return comment
}

/** The inline comments that the viewer may see, in order of creation. */
export const reviewCommentsOf = (hub: Hub, viewer: Viewer, pull: Pull): ReadonlyArray<ReviewComment> =>
  hub.tables.reviewComments.where("pull", pull.id).filter((one) => {
    const review = hub.tables.reviews.need(one.reviewId)
    return review.state !== "PENDING" || review.authorId === viewer.account?.id
  })

/** Writes an inline comment into a review. Part of a change. */
export const insertReviewComment = (
  hub: Hub,
  actor: Account,
  { pull, issue }: PullRequest,
  review: Review,
  input: NewReviewComment
): ReviewComment => {
  if (input.body.trim() === "")
    throw invalid({ resource: "PullRequestReviewComment", field: "body", code: "missing_field" })
  const now = hub.now()
  const comment = hub.tables.reviewComments.insert({
    pullId: pull.id,
    repositoryId: pull.repositoryId,
    reviewId: review.id,
    authorId: actor.id,
    replyToId: input.replyToId ?? null,
    path: input.path,
    line: input.line,
    startLine: input.startLine ?? null,
    side: input.side ?? "RIGHT",
    startSide: input.startSide ?? null,
    subject: input.subject ?? "line",
    commitSha: input.commitSha ?? pull.headSha,
    diffHunk: input.diffHunk,
    body: input.body,
    resolved: false,
    createdAt: now,
    updatedAt: now
  })
  hub.tables.issues.update(issue.id, { updatedAt: now })
  const repository = hub.tables.repositories.need(pull.repositoryId)
  const detail = { issueId: issue.id, reviewCommentId: comment.id }
  emit(hub, { event: "pull_request_review_comment", action: "created", actor, repository, detail })
  return comment
}

/** Writes an inline comment that is a review by itself, as a single comment is. Part of a change. */
export const createReviewComment = (
  hub: Hub,
  viewer: Viewer,
  request: PullRequest,
  input: NewReviewComment
): ReviewComment => {
  const { pull } = request
  const actor = requireReader(hub, viewer, hub.tables.repositories.need(pull.repositoryId))
  const now = hub.now()
  const review = hub.tables.reviews.insert({
    pullId: pull.id,
    repositoryId: pull.repositoryId,
    authorId: actor.id,
    state: "COMMENTED",
    body: "",
    commitSha: input.commitSha ?? pull.headSha,
    submittedAt: now,
    createdAt: now
  })
  return insertReviewComment(hub, actor, request, review, input)
}

/** Answers an inline comment in its thread. Part of a change. */
export const replyToComment = (
  hub: Hub,
  viewer: Viewer,
  request: PullRequest,
  to: ReviewComment,
  body: string
): ReviewComment =>
  createReviewComment(hub, viewer, request, {
    path: to.path,
    body,
    line: to.line,
    startLine: to.startLine,
    side: to.side,
    startSide: to.startSide,
    commitSha: to.commitSha,
    replyToId: to.replyToId ?? to.id,
    diffHunk: to.diffHunk
  })

/** Changes an inline comment of one's own. Part of a change. */
export const updateReviewComment = (hub: Hub, actor: Account, comment: ReviewComment, body: string): ReviewComment => {
  if (comment.authorId !== actor.id) throw new Forbidden({ reason: "Must be the author of the comment." })
  return hub.tables.reviewComments.update(comment.id, { body, updatedAt: hub.now() })
}

/** Takes away an inline comment of one's own. Part of a change. */
export const deleteReviewComment = (hub: Hub, actor: Account, comment: ReviewComment): void => {
  if (comment.authorId !== actor.id) throw new Forbidden({ reason: "Must be the author of the comment." })
  for (const one of hub.tables.reactions.where("subject", `review-comment ${comment.id}`))
    hub.tables.reactions.remove(one.id)
  hub.tables.reviewComments.remove(comment.id)
}

/** Resolves a thread or opens it again; its first comment says which thread. Part of a change. */
export const setResolved = (hub: Hub, comment: ReviewComment, resolved: boolean): ReviewComment =>
  hub.tables.reviewComments.update(comment.id, { resolved })

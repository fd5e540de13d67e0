import { requireReader, requireWriter } from "../access/repository.ts"
import type { Viewer } from "../access/viewer.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { notFound, unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { recordEvent } from "../issues/record.ts"
import type { Repository } from "../repositories/rows.ts"
import type { PullRequest } from "./find.ts"
import { insertReviewComment, type NewReviewComment } from "./review-comments.ts"
import type { Pull, Review } from "./rows.ts"

export type Verdict = "APPROVE" | "REQUEST_CHANGES" | "COMMENT"

const STATE = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED", COMMENT: "COMMENTED" } as const

/** The review of an id on this pull request that the viewer may see, or 404; pending ones are their author's. */
export const findReview = (hub: Hub, viewer: Viewer, pull: Pull, id: number): Review => {
  const review = hub.tables.reviews.get(id)
  if (review === undefined || review.pullId !== pull.id) throw notFound()
  if (review.state === "PENDING" && review.authorId !== viewer.account?.id) throw notFound()
  return review
}

/** The reviews that the viewer may see, in order of creation. */
export const reviewsOf = (hub: Hub, viewer: Viewer, pull: Pull): ReadonlyArray<Review> =>
  hub.tables.reviews
    .where("pull", pull.id)
    .filter((one) => one.state !== "PENDING" || one.authorId === viewer.account?.id)

const checkVerdict = (actor: Account, request: PullRequest, verdict: Verdict, body: string): void => {
  if (verdict !== "COMMENT" && request.issue.authorId === actor.id) {
    const what = verdict === "APPROVE" ? "approve" : "request changes on"
    throw unprocessable("Unprocessable Entity", `Can not ${what} your own pull request`)
  }
  if (verdict === "REQUEST_CHANGES" && body.trim() === "") {
    throw unprocessable("Unprocessable Entity", "Body is required for a request for changes")
  }
}

export interface NewReview {
  /** Left out, the review is pending. */
  readonly verdict: Verdict | undefined
  readonly body: string
  readonly commitSha?: string | undefined
  readonly comments: ReadonlyArray<NewReviewComment>
}

/** Writes a review with its inline comments; a verdict takes the reviewer off the list of the asked. Part of a change. */
export const createReview = (
  hub: Hub,
  viewer: Viewer,
  repository: Repository,
  request: PullRequest,
  input: NewReview
): Review => {
  const actor = requireReader(hub, viewer, repository)
  const pending = hub.tables.reviews
    .where("pull", request.pull.id)
    .find((one) => one.state === "PENDING" && one.authorId === actor.id)
  if (pending !== undefined && input.verdict === undefined) {
    throw unprocessable("Unprocessable Entity", "User can only have one pending review per pull request")
  }
  if (input.verdict !== undefined) checkVerdict(actor, request, input.verdict, input.body)
  if (input.verdict === "COMMENT" && input.body.trim() === "" && input.comments.length === 0) {
    throw unprocessable("Unprocessable Entity", "Body is required")
  }
  const review = hub.tables.reviews.insert({
    pullId: request.pull.id,
    repositoryId: repository.id,
    authorId: actor.id,
    state: "PENDING",
    body: input.body,
    commitSha: input.commitSha ?? request.pull.headSha,
    submittedAt: null,
    createdAt: hub.now()
  })
  for (const comment of input.comments) insertReviewComment(hub, actor, request, review, comment)
  return input.verdict === undefined ? review : submitted(hub, actor, request, review, input.verdict)
}

const submitted = (hub: Hub, actor: Account, request: PullRequest, review: Review, verdict: Verdict): Review => {
  const { pull, issue } = request
  const repository = hub.tables.repositories.need(pull.repositoryId)
  const after = hub.tables.reviews.update(review.id, { state: STATE[verdict], submittedAt: hub.now() })
  if (verdict !== "COMMENT") {
    hub.tables.pulls.update(pull.id, {
      reviewerIds: hub.tables.pulls.need(pull.id).reviewerIds.filter((id) => id !== actor.id)
    })
  }
  hub.tables.issues.update(issue.id, { updatedAt: hub.now() })
  recordEvent(hub, actor, issue, "reviewed", { reviewId: review.id })
  const detail = { issueId: issue.id, reviewId: review.id }
  emit(hub, { event: "pull_request_review", action: "submitted", actor, repository, detail })
  return after
}

/** Submits a pending review of one's own. Part of a change. */
export const submitReview = (
  hub: Hub,
  actor: Account,
  request: PullRequest,
  review: Review,
  input: { readonly verdict: Verdict; readonly body: string | undefined }
): Review => {
  if (review.state !== "PENDING" || review.authorId !== actor.id) {
    throw unprocessable("Unprocessable Entity", "Can not submit a review that is not pending")
  }
  const body = input.body ?? review.body
  checkVerdict(actor, request, input.verdict, body)
  return submitted(hub, actor, request, hub.tables.reviews.update(review.id, { body }), input.verdict)
}

/** Takes away a pending review of one's own with its comments. Part of a change. */
export const deleteReview = (hub: Hub, actor: Account, review: Review): void => {
  if (review.state !== "PENDING" || review.authorId !== actor.id) {
    throw unprocessable("Unprocessable Entity", "Can not delete a non-pending pull request review")
  }
  for (const comment of hub.tables.reviewComments.where("review", review.id))
    hub.tables.reviewComments.remove(comment.id)
  hub.tables.reviews.remove(review.id)
}

/** Makes a verdict count no longer; writers may. Part of a change. */
export const dismissReview = (
  hub: Hub,
  viewer: Viewer,
  request: PullRequest,
  review: Review,
  message: string
): Review => {
  const repository = hub.tables.repositories.need(request.pull.repositoryId)
  const actor = requireWriter(hub, viewer, repository)
  if (review.state !== "APPROVED" && review.state !== "CHANGES_REQUESTED") {
    throw unprocessable("Unprocessable Entity", "Can not dismiss a review that is not approved or rejected")
  }
  recordEvent(hub, actor, request.issue, "review_dismissed", { reviewId: review.id, message })
  const detail = { issueId: request.issue.id, reviewId: review.id }
  emit(hub, { event: "pull_request_review", action: "dismissed", actor, repository, detail })
  return hub.tables.reviews.update(review.id, { state: "DISMISSED" })
}

/** What the latest verdict of each reviewer adds up to; null while nobody gave one or was asked. */
export const reviewDecision = (hub: Hub, pull: Pull): "APPROVED" | "CHANGES_REQUESTED" | "REVIEW_REQUIRED" | null => {
  const latest = latestVerdicts(hub, pull)
  if (latest.some((one) => one.state === "CHANGES_REQUESTED")) return "CHANGES_REQUESTED"
  if (latest.some((one) => one.state === "APPROVED")) return "APPROVED"
  return pull.reviewerIds.length + pull.reviewTeamIds.length > 0 ? "REVIEW_REQUIRED" : null
}

/** Each reviewer's latest approval or request for changes. */
export const latestVerdicts = (hub: Hub, pull: Pull): ReadonlyArray<Review> => {
  const latest = new Map<number, Review>()
  for (const review of hub.tables.reviews.where("pull", pull.id)) {
    if (review.state === "APPROVED" || review.state === "CHANGES_REQUESTED") latest.set(review.authorId, review)
    if (review.state === "DISMISSED") latest.delete(review.authorId)
  }
  return [...latest.values()]
}

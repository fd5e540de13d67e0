import {
  createReview,
  createReviewComment,
  deleteReview,
  deleteReviewComment,
  dismissReview,
  findRepository,
  findReview,
  findReviewComment,
  type NewReviewComment,
  type PullRequest,
  replyToComment,
  type Repository,
  requireAccount,
  reviewCommentsOf,
  reviewsOf,
  submitReview,
  unprocessable,
  updateReviewComment
} from "@sockerless/bleephub-core"
import { changedFiles, mergeBase } from "@sockerless/bleephub-git"
import { pathOf } from "../git-data/render.ts"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { requestOf } from "./operations.ts"
import { legacyReviewCommentJson, reviewCommentJson, reviewJson } from "./render.ts"

interface Placed {
  readonly path: string
  readonly body: string
  readonly line?: number | undefined
  readonly position?: number | undefined
  readonly side?: string | undefined
  readonly start_line?: number | undefined
  readonly start_side?: string | undefined
  readonly subject_type?: string | undefined
}

const sideOf = (side: string | undefined): "LEFT" | "RIGHT" | undefined =>
  side === "LEFT" || side === "RIGHT" ? side : undefined

/** Finds where in the difference a comment stands; a place outside of it is GitHub's 422. */
const placed = async (
  call: Call<OperationId>,
  repository: Repository,
  { pull }: PullRequest,
  comments: ReadonlyArray<Placed>
): Promise<ReadonlyArray<NewReviewComment>> => {
  if (comments.length === 0) return []
  const path = pathOf(call, repository)
  const ancestor = (await mergeBase(path, pull.baseSha, pull.headSha)) ?? pull.baseSha
  const files = await changedFiles(path, ancestor, pull.headSha)
  return comments.map((one) => {
    const file = files.find((changed) => changed.path === one.path)
    if (file === undefined) throw unprocessable("Unprocessable Entity", "Path could not be resolved")
    return {
      path: one.path,
      body: one.body,
      line: one.line ?? one.position ?? null,
      startLine: one.start_line,
      side: sideOf(one.side),
      startSide: sideOf(one.start_side),
      subject: one.subject_type === "file" ? "file" : "line",
      diffHunk: file.patch ?? ""
    }
  })
}

/** Reviews. */
const reviewList = [
  operation("pulls/list-reviews", (call) => {
    const { request } = requestOf(call, call.path)
    return call.page(reviewsOf(call.hub, call.viewer, request.pull), (review) => reviewJson(call, review))
  }),
  operation("pulls/get-review", (call) => {
    const { request } = requestOf(call, call.path)
    return reviewJson(call, findReview(call.hub, call.viewer, request.pull, call.path.review_id))
  }),
  operation("pulls/create-review", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const { body = "", event, commit_id: commitSha, comments = [] } = call.body ?? {}
    const inline = await placed(call, repository, request, comments)
    const review = await call.hub.change(() =>
      createReview(call.hub, call.viewer, repository, request, { verdict: event, body, commitSha, comments: inline })
    )
    return reviewJson(call, review)
  }),
  operation("pulls/update-review", async (call) => {
    const { request } = requestOf(call, call.path)
    const actor = requireAccount(call.viewer)
    const review = findReview(call.hub, call.viewer, request.pull, call.path.review_id)
    if (review.authorId !== actor.id) throw unprocessable("Unprocessable Entity", "Not the author of the review")
    return reviewJson(
      call,
      await call.hub.change(() => call.hub.tables.reviews.update(review.id, { body: call.body.body }))
    )
  }),
  operation("pulls/submit-review", async (call) => {
    const { request } = requestOf(call, call.path)
    const actor = requireAccount(call.viewer)
    const review = findReview(call.hub, call.viewer, request.pull, call.path.review_id)
    const input = { verdict: call.body.event, body: call.body.body }
    return reviewJson(call, await call.hub.change(() => submitReview(call.hub, actor, request, review, input)))
  }),
  operation("pulls/delete-pending-review", async (call) => {
    const { request } = requestOf(call, call.path)
    const actor = requireAccount(call.viewer)
    const review = findReview(call.hub, call.viewer, request.pull, call.path.review_id)
    const json = reviewJson(call, review)
    await call.hub.change(() => deleteReview(call.hub, actor, review))
    return json
  }),
  operation("pulls/dismiss-review", async (call) => {
    const { request } = requestOf(call, call.path)
    const review = findReview(call.hub, call.viewer, request.pull, call.path.review_id)
    return reviewJson(
      call,
      await call.hub.change(() => dismissReview(call.hub, call.viewer, request, review, call.body.message))
    )
  })
]

/** Inline comments. */
const commentList = [
  operation("pulls/list-review-comments", (call) => {
    const { request } = requestOf(call, call.path)
    return call.page(reviewCommentsOf(call.hub, call.viewer, request.pull), (one) => reviewCommentJson(call, one))
  }),
  operation("pulls/list-review-comments-for-repo", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const all = call.hub.tables.pulls
      .where("repository", repository.id)
      .flatMap((pull) => reviewCommentsOf(call.hub, call.viewer, pull))
    return call.page(all, (one) => reviewCommentJson(call, one))
  }),
  operation("pulls/get-review-comment", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    return reviewCommentJson(call, findReviewComment(call.hub, call.viewer, repository, call.path.comment_id))
  }),
  operation("pulls/create-review-comment", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const { body } = call
    if (body.in_reply_to !== undefined) {
      const to = findReviewComment(call.hub, call.viewer, repository, body.in_reply_to)
      return reviewCommentJson(
        call,
        await call.hub.change(() => replyToComment(call.hub, call.viewer, request, to, body.body))
      )
    }
    const [comment] = await placed(call, repository, request, [body])
    if (comment === undefined) throw unprocessable("Unprocessable Entity")
    const made = await call.hub.change(() =>
      createReviewComment(call.hub, call.viewer, request, { ...comment, commitSha: body.commit_id })
    )
    return reviewCommentJson(call, made)
  }),
  operation("pulls/create-reply-for-review-comment", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const to = findReviewComment(call.hub, call.viewer, repository, call.path.comment_id)
    return reviewCommentJson(
      call,
      await call.hub.change(() => replyToComment(call.hub, call.viewer, request, to, call.body.body))
    )
  }),
  operation("pulls/update-review-comment", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireAccount(call.viewer)
    const comment = findReviewComment(call.hub, call.viewer, repository, call.path.comment_id)
    return reviewCommentJson(
      call,
      await call.hub.change(() => updateReviewComment(call.hub, actor, comment, call.body.body))
    )
  }),
  operation("pulls/delete-review-comment", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireAccount(call.viewer)
    const comment = findReviewComment(call.hub, call.viewer, repository, call.path.comment_id)
    await call.hub.change(() => deleteReviewComment(call.hub, actor, comment))
  }),
  operation("pulls/list-comments-for-review", (call) => {
    const { request } = requestOf(call, call.path)
    const review = findReview(call.hub, call.viewer, request.pull, call.path.review_id)
    const comments = call.hub.tables.reviewComments.where("review", review.id)
    return call.page(comments, (one) => legacyReviewCommentJson(call, one))
  })
]

/** Reviews and the comments on lines. */
export const reviewOperations = [...reviewList, ...commentList]

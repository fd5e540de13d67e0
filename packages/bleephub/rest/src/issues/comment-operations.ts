import {
  createComment,
  deleteComment,
  findComment,
  findIssue,
  findRepository,
  updateComment
} from "@sockerless/bleephub-core"
import { operation } from "../wire/call.ts"
import { commentJson } from "./render.ts"

/** Comments on issues and pull requests. */
export const commentOperations = [
  operation("issues/list-comments", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    const since = call.query.since === undefined ? 0 : Date.parse(call.query.since)
    const comments = call.hub.tables.comments.where("issue", issue.id).filter((one) => one.updatedAt >= since)
    return call.page(comments, (comment) => commentJson(call, comment))
  }),
  operation("issues/list-comments-for-repo", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const since = call.query.since === undefined ? 0 : Date.parse(call.query.since)
    const rank = call.query.sort === "updated" ? "updatedAt" : "createdAt"
    const sign = call.query.direction === "desc" ? -1 : 1
    const comments = call.hub.tables.comments
      .where("repository", repository.id)
      .filter((one) => one.updatedAt >= since)
      .toSorted((a, b) => sign * (a[rank] - b[rank] || a.id - b.id))
    return call.page(comments, (comment) => commentJson(call, comment))
  }),
  operation("issues/get-comment", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    return commentJson(call, findComment(call.hub, repository, call.path.comment_id))
  }),
  operation("issues/create-comment", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    const comment = await call.hub.change(() => createComment(call.hub, call.viewer, repository, issue, call.body.body))
    call.answerHeaders["location"] = commentJson(call, comment).url
    return commentJson(call, comment)
  }),
  operation("issues/update-comment", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const comment = findComment(call.hub, repository, call.path.comment_id)
    return commentJson(
      call,
      await call.hub.change(() => updateComment(call.hub, call.viewer, repository, comment, call.body.body))
    )
  }),
  operation("issues/delete-comment", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const comment = findComment(call.hub, repository, call.path.comment_id)
    await call.hub.change(() => deleteComment(call.hub, call.viewer, repository, comment))
  })
]

import {
  addReaction,
  findComment,
  findIssue,
  findRepository,
  findReviewComment,
  type IssueEvent,
  notFound,
  removeReaction,
  requireReader
} from "@sockerless/bleephub-core"

import { type Call, operation, Reply } from "../wire/call.ts"
import type { OperationId, Schemas } from "../wire/types.ts"
import { eventJson, issueJson, reactionJson } from "./render.ts"

const issueEvent = (call: Call<OperationId>, event: IssueEvent): Schemas["issue-event"] => {
  const { label, ...rest } = eventJson(call, event)
  const issue = call.hub.tables.issues.get(event.issueId)
  return {
    ...rest,
    ...(label !== undefined && { label }),
    ...(issue !== undefined && { issue: issueJson(call, issue) })
  }
}

const historyOperations = [
  operation("issues/list-events-for-repo", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const events = call.hub.tables.issueEvents
      .where("repository", repository.id)
      .filter((one) => one.event !== "reviewed")
      .toReversed()
    return call.page(events, (event) => issueEvent(call, event))
  }),
  operation("issues/get-event", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const event = call.hub.tables.issueEvents.get(call.path.event_id)
    if (event === undefined || event.repositoryId !== repository.id) throw notFound()
    return issueEvent(call, event)
  })
]

const reactionOperations = [
  operation("reactions/list-for-issue", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    const all = call.hub.tables.reactions
      .where("subject", `issue ${issue.id}`)
      .filter((one) => call.query.content === undefined || one.content === call.query.content)
    return call.page(all, (one) => reactionJson(call, one))
  }),
  operation("reactions/create-for-issue", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireReader(call.hub, call.viewer, repository)
    const subject = `issue ${findIssue(call.hub, repository, call.path.issue_number).id}`
    const { reaction, made } = await call.hub.change(() => addReaction(call.hub, actor, subject, call.body.content))
    return new Reply(made ? 201 : 200, reactionJson(call, reaction))
  }),
  operation("reactions/delete-for-issue", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireReader(call.hub, call.viewer, repository)
    const subject = `issue ${findIssue(call.hub, repository, call.path.issue_number).id}`
    await call.hub.change(() => removeReaction(call.hub, actor, subject, call.path.reaction_id))
  }),
  operation("reactions/list-for-issue-comment", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const comment = findComment(call.hub, repository, call.path.comment_id)
    return call.page(call.hub.tables.reactions.where("subject", `comment ${comment.id}`), (one) =>
      reactionJson(call, one)
    )
  }),
  operation("reactions/create-for-issue-comment", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireReader(call.hub, call.viewer, repository)
    const subject = `comment ${findComment(call.hub, repository, call.path.comment_id).id}`
    const { reaction, made } = await call.hub.change(() => addReaction(call.hub, actor, subject, call.body.content))
    return new Reply(made ? 201 : 200, reactionJson(call, reaction))
  }),
  operation("reactions/delete-for-issue-comment", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireReader(call.hub, call.viewer, repository)
    const subject = `comment ${findComment(call.hub, repository, call.path.comment_id).id}`
    await call.hub.change(() => removeReaction(call.hub, actor, subject, call.path.reaction_id))
  }),
  operation("reactions/create-for-pull-request-review-comment", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireReader(call.hub, call.viewer, repository)
    const subject = `review-comment ${findReviewComment(call.hub, call.viewer, repository, call.path.comment_id).id}`
    const { reaction, made } = await call.hub.change(() => addReaction(call.hub, actor, subject, call.body.content))
    return new Reply(made ? 201 : 200, reactionJson(call, reaction))
  })
]

/** The history of issues, and reactions. */
export const issueHistoryOperations = [...historyOperations, ...reactionOperations]

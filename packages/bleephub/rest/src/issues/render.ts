import {
  associationOf,
  type Comment,
  fullName,
  type Issue,
  type IssueEvent,
  type Label,
  type Milestone,
  milestoneCounts,
  nodeId,
  type Reaction,
  reactionCounts,
  REACTIONS
} from "@sockerless/bleephub-core"
import { isoTime, isoTimeOrNull, simpleUser } from "../accounts/render.ts"
import type { View } from "../repositories/render.ts"
import type { Schemas } from "../wire/types.ts"

const repositoryUrl = (view: View, repositoryId: number): string =>
  `${view.urls.api}/repos/${fullName(view.hub, view.hub.tables.repositories.need(repositoryId))}`

/** The page of a repository on the web. */
export const repositoryHtml = (view: View, repositoryId: number): string =>
  `${view.urls.html}/${fullName(view.hub, view.hub.tables.repositories.need(repositoryId))}`

/** A label. */
export const labelJson = (view: View, label: Label): Schemas["label"] => ({
  id: label.id,
  node_id: nodeId("LA", label.id),
  url: `${repositoryUrl(view, label.repositoryId)}/labels/${encodeURIComponent(label.name)}`,
  name: label.name,
  color: label.color,
  default: label.isDefault,
  description: label.description
})

/** A milestone with its counts. */
export const milestoneJson = (view: View, milestone: Milestone): Schemas["milestone"] => {
  const url = `${repositoryUrl(view, milestone.repositoryId)}/milestones/${milestone.number}`
  const counts = milestoneCounts(view.hub, milestone)
  return {
    url,
    html_url: `${repositoryHtml(view, milestone.repositoryId)}/milestone/${milestone.number}`,
    labels_url: `${url}/labels`,
    id: milestone.id,
    node_id: nodeId("MI", milestone.id),
    number: milestone.number,
    title: milestone.title,
    description: milestone.description,
    creator: simpleUser(view.urls, view.hub.tables.accounts.need(milestone.creatorId)),
    open_issues: counts.open,
    closed_issues: counts.closed,
    state: milestone.state,
    created_at: isoTime(milestone.createdAt),
    updated_at: isoTime(milestone.updatedAt),
    due_on: isoTimeOrNull(milestone.dueOn),
    closed_at: isoTimeOrNull(milestone.closedAt)
  }
}

/** How often each reaction was given. */
export const reactionRollup = (view: View, subject: string, url: string): Schemas["reaction-rollup"] => {
  const counts = reactionCounts(view.hub, subject)
  return {
    url: `${url}/reactions`,
    total_count: REACTIONS.reduce((sum, content) => sum + counts[content], 0),
    ...counts
  }
}

/** One reaction. */
export const reactionJson = (view: View, reaction: Reaction): Schemas["reaction"] => ({
  id: reaction.id,
  node_id: nodeId("REA", reaction.id),
  user: simpleUser(view.urls, view.hub.tables.accounts.need(reaction.accountId)),
  content: reaction.content,
  created_at: isoTime(reaction.createdAt)
})

const peopleOf = (view: View, issue: Issue) => {
  const { accounts } = view.hub.tables
  const assignees = issue.assigneeIds.map((id) => simpleUser(view.urls, accounts.need(id)))
  return {
    user: simpleUser(view.urls, accounts.need(issue.authorId)),
    assignee: assignees[0] ?? null,
    assignees,
    closed_by: issue.closedById === null ? null : simpleUser(view.urls, accounts.need(issue.closedById))
  }
}

/** An issue, or a pull request where GitHub shows it as an issue. */
export const issueJson = (view: View, issue: Issue) => {
  const { hub } = view
  const repository = hub.tables.repositories.need(issue.repositoryId)
  const base = repositoryUrl(view, issue.repositoryId)
  const url = `${base}/issues/${issue.number}`
  const page = `${repositoryHtml(view, issue.repositoryId)}/${issue.isPull ? "pull" : "issues"}/${issue.number}`
  const milestone = issue.milestoneId === null ? null : hub.tables.milestones.need(issue.milestoneId)
  const pull = hub.tables.pulls.by("issue", issue.id)
  return {
    id: issue.id,
    node_id: nodeId(issue.isPull ? "PR" : "I", issue.id),
    url,
    repository_url: base,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    number: issue.number,
    state: issue.state,
    state_reason: issue.stateReason,
    title: issue.title,
    body: issue.body,
    ...peopleOf(view, issue),
    labels: issue.labelIds.map((id) => labelJson(view, hub.tables.labels.need(id))),
    milestone: milestone === null ? null : milestoneJson(view, milestone),
    locked: issue.locked,
    active_lock_reason: issue.lockReason,
    comments: hub.tables.comments.count("issue", issue.id),
    ...(pull !== undefined && {
      draft: pull.draft,
      pull_request: {
        url: `${base}/pulls/${issue.number}`,
        html_url: page,
        diff_url: `${page}.diff`,
        patch_url: `${page}.patch`,
        merged_at: isoTimeOrNull(pull.mergedAt)
      }
    }),
    closed_at: isoTimeOrNull(issue.closedAt),
    created_at: isoTime(issue.createdAt),
    updated_at: isoTime(issue.updatedAt),
    author_association: associationOf(hub, hub.tables.accounts.need(issue.authorId), repository),
    reactions: reactionRollup(view, `issue ${issue.id}`, url),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: null
  } satisfies Schemas["issue"]
}

/** A comment on an issue or pull request. */
export const commentJson = (view: View, comment: Comment): Schemas["issue-comment"] => {
  const { hub } = view
  const repository = hub.tables.repositories.need(comment.repositoryId)
  const issue = hub.tables.issues.need(comment.issueId)
  const author = hub.tables.accounts.need(comment.authorId)
  const base = repositoryUrl(view, comment.repositoryId)
  const url = `${base}/issues/comments/${comment.id}`
  const page = `${repositoryHtml(view, comment.repositoryId)}/${issue.isPull ? "pull" : "issues"}/${issue.number}`
  return {
    id: comment.id,
    node_id: nodeId("IC", comment.id),
    url,
    html_url: `${page}#issuecomment-${comment.id}`,
    body: comment.body,
    user: simpleUser(view.urls, author),
    created_at: isoTime(comment.createdAt),
    updated_at: isoTime(comment.updatedAt),
    issue_url: `${base}/issues/${issue.number}`,
    author_association: associationOf(hub, author, repository),
    performed_via_github_app: null,
    reactions: reactionRollup(view, `comment ${comment.id}`, url)
  }
}

/** One entry of the history of an issue, with what its kind adds. */
export const eventJson = (view: View, event: IssueEvent) => {
  const { hub, urls } = view
  const { labelId, milestoneId, assigneeId, from, to, lockReason } = event.detail
  const label = typeof labelId === "number" ? hub.tables.labels.get(labelId) : undefined
  const milestone = typeof milestoneId === "number" ? hub.tables.milestones.get(milestoneId) : undefined
  const actor = simpleUser(urls, hub.tables.accounts.need(event.actorId))
  const commit = event.detail["commitId"]
  return {
    id: event.id,
    node_id: nodeId("EV", event.id),
    url: `${repositoryUrl(view, event.repositoryId)}/issues/events/${event.id}`,
    actor,
    event: event.event,
    commit_id: typeof commit === "string" ? commit : null,
    commit_url: typeof commit === "string" ? `${repositoryUrl(view, event.repositoryId)}/commits/${commit}` : null,
    created_at: isoTime(event.createdAt),
    performed_via_github_app: null,
    ...(label !== undefined && { label: { name: label.name, color: label.color } }),
    ...(milestone !== undefined && { milestone: { title: milestone.title } }),
    ...(typeof assigneeId === "number" && {
      assignee: simpleUser(urls, hub.tables.accounts.need(assigneeId)),
      assigner: actor
    }),
    ...(typeof from === "string" && typeof to === "string" && { rename: { from, to } }),
    ...(event.event === "locked" && { lock_reason: typeof lockReason === "string" ? lockReason : null })
  }
}

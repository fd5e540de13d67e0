import {
  associationOf,
  fullName,
  headLabel,
  mergeStateOf,
  nodeId,
  type PullRequest,
  type Review,
  type ReviewComment,
  type Team
} from "@sockerless/bleephub-core"
import { aheadBehind, changedFiles, mergeBase } from "@sockerless/bleephub-git"
import { isoTime, isoTimeOrNull, simpleUser } from "../accounts/render.ts"
import { pathOf } from "../git-data/render.ts"
import { issueJson, reactionRollup, repositoryHtml } from "../issues/render.ts"
import { repositoryJson, type View } from "../repositories/render.ts"
import type { Schemas } from "../wire/types.ts"

/** A team as it stands inside other JSON. */
export const teamSimple = (view: View, team: Team): Schemas["team-simple"] => {
  const organization = view.hub.tables.accounts.need(team.organizationId)
  const url = `${view.urls.api}/organizations/${organization.id}/team/${team.id}`
  return {
    id: team.id,
    node_id: nodeId("T", team.id),
    url,
    members_url: `${url}/members{/member}`,
    name: team.name,
    description: team.description,
    permission: "pull",
    privacy: team.privacy,
    notification_setting: team.notifications ? "notifications_enabled" : "notifications_disabled",
    html_url: `${view.urls.html}/orgs/${organization.login}/teams/${team.slug}`,
    repositories_url: `${url}/repos`,
    slug: team.slug,
    type: "organization"
  }
}

const linksOf = (api: string, html: string, number: number, sha: string) => ({
  url: `${api}/pulls/${number}`,
  html_url: `${html}/pull/${number}`,
  diff_url: `${html}/pull/${number}.diff`,
  patch_url: `${html}/pull/${number}.patch`,
  issue_url: `${api}/issues/${number}`,
  commits_url: `${api}/pulls/${number}/commits`,
  review_comments_url: `${api}/pulls/${number}/comments`,
  review_comment_url: `${api}/pulls/comments{/number}`,
  comments_url: `${api}/issues/${number}/comments`,
  statuses_url: `${api}/statuses/${sha}`,
  _links: {
    self: { href: `${api}/pulls/${number}` },
    html: { href: `${html}/pull/${number}` },
    issue: { href: `${api}/issues/${number}` },
    comments: { href: `${api}/issues/${number}/comments` },
    review_comments: { href: `${api}/pulls/${number}/comments` },
    review_comment: { href: `${api}/pulls/comments{/number}` },
    commits: { href: `${api}/pulls/${number}/commits` },
    statuses: { href: `${api}/statuses/${sha}` }
  }
})

const sidesOf = (view: View, { pull }: PullRequest) => {
  const { hub, urls } = view
  const base = hub.tables.repositories.need(pull.repositoryId)
  const head = pull.headRepositoryId === null ? undefined : hub.tables.repositories.get(pull.headRepositoryId)
  const baseOwner = hub.tables.accounts.need(base.ownerId)
  const headOwner = head === undefined ? undefined : hub.tables.accounts.need(head.ownerId)
  return {
    head: {
      label: headLabel(hub, pull),
      ref: pull.headRef,
      sha: pull.headSha,
      user: simpleUser(urls, headOwner ?? baseOwner),
      // Of a fork that is gone GitHub answers null, whatever its description says.
      repo: (head === undefined ? null : repositoryJson(view, head)) as Schemas["repository"]
    },
    base: {
      label: `${baseOwner.login}:${pull.baseRef}`,
      ref: pull.baseRef,
      sha: pull.baseSha,
      user: simpleUser(urls, baseOwner),
      repo: repositoryJson(view, base)
    }
  }
}

/** A pull request in lists. */
export const pullJson = (view: View, request: PullRequest) => {
  const { pull, issue } = request
  const { hub, urls } = view
  const repository = hub.tables.repositories.need(pull.repositoryId)
  const name = fullName(hub, repository)
  const asIssue = issueJson(view, issue)
  const enabledBy = pull.autoMerge === null ? undefined : hub.tables.accounts.need(pull.autoMerge.enabledById)
  return {
    id: issue.id,
    node_id: asIssue.node_id,
    ...linksOf(`${urls.api}/repos/${name}`, `${urls.html}/${name}`, pull.number, pull.headSha),
    number: pull.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: asIssue.user,
    body: issue.body,
    labels: asIssue.labels.map((label) => ({ ...label, description: label.description ?? "" })),
    milestone: asIssue.milestone,
    active_lock_reason: issue.lockReason,
    created_at: asIssue.created_at,
    updated_at: asIssue.updated_at,
    closed_at: asIssue.closed_at,
    merged_at: isoTimeOrNull(pull.mergedAt),
    merge_commit_sha: pull.mergeSha,
    assignee: asIssue.assignee,
    assignees: asIssue.assignees,
    requested_reviewers: pull.reviewerIds.map((id) => simpleUser(urls, hub.tables.accounts.need(id))),
    requested_teams: pull.reviewTeamIds.map((id) => ({ ...teamSimple(view, hub.tables.teams.need(id)), parent: null })),
    ...sidesOf(view, request),
    author_association: asIssue.author_association,
    auto_merge:
      pull.autoMerge === null || enabledBy === undefined
        ? null
        : {
            enabled_by: simpleUser(urls, enabledBy),
            merge_method: pull.autoMerge.method,
            commit_title: pull.autoMerge.title ?? "",
            commit_message: pull.autoMerge.message ?? ""
          },
    draft: pull.draft
  } satisfies Schemas["pull-request-simple"]
}

/** A pull request asked for by itself, with what git has to compute. */
export const fullPull = async (view: View, request: PullRequest): Promise<Schemas["pull-request"]> => {
  const { pull, issue } = request
  const { hub, urls } = view
  const repository = hub.tables.repositories.need(pull.repositoryId)
  const path = pathOf(view, repository)
  const ancestor = (await mergeBase(path, pull.baseSha, pull.headSha)) ?? pull.baseSha
  const [files, { ahead }] = await Promise.all([
    changedFiles(path, ancestor, pull.headSha),
    aheadBehind(path, pull.baseSha, pull.headSha)
  ])
  const open = issue.state === "open" ? await mergeStateOf(hub, pull) : undefined
  return {
    ...pullJson(view, request),
    merged: pull.mergedAt !== null,
    mergeable: open?.mergeable ?? null,
    rebaseable: open?.mergeable ?? null,
    mergeable_state: open?.state ?? "unknown",
    merged_by: pull.mergedById === null ? null : simpleUser(urls, hub.tables.accounts.need(pull.mergedById)),
    comments: hub.tables.comments.count("issue", issue.id),
    review_comments: hub.tables.reviewComments.count("pull", pull.id),
    maintainer_can_modify: pull.maintainerCanModify,
    commits: ahead,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: files.length
  }
}

const pullPage = (view: View, row: { readonly repositoryId: number; readonly pullId: number }) => {
  const pull = view.hub.tables.pulls.need(row.pullId)
  const name = fullName(view.hub, view.hub.tables.repositories.need(row.repositoryId))
  return {
    api: `${view.urls.api}/repos/${name}/pulls/${pull.number}`,
    comments: `${view.urls.api}/repos/${name}/pulls/comments`,
    html: `${repositoryHtml(view, row.repositoryId)}/pull/${pull.number}`
  }
}

/** A review. */
export const reviewJson = (view: View, review: Review): Schemas["pull-request-review"] => {
  const { hub } = view
  const { api, html } = pullPage(view, review)
  const author = hub.tables.accounts.need(review.authorId)
  const page = `${html}#pullrequestreview-${review.id}`
  return {
    id: review.id,
    node_id: nodeId("PRR", review.id),
    user: simpleUser(view.urls, author),
    body: review.body,
    state: review.state,
    html_url: page,
    pull_request_url: api,
    author_association: associationOf(hub, author, hub.tables.repositories.need(review.repositoryId)),
    _links: { html: { href: page }, pull_request: { href: api } },
    ...(review.submittedAt !== null && { submitted_at: isoTime(review.submittedAt) }),
    commit_id: review.commitSha
  }
}

const commentCore = (view: View, comment: ReviewComment) => {
  const { hub } = view
  const { api, html, comments } = pullPage(view, comment)
  const author = hub.tables.accounts.need(comment.authorId)
  const url = `${comments}/${comment.id}`
  const page = `${html}#discussion_r${comment.id}`
  return {
    url,
    pull_request_review_id: comment.reviewId,
    id: comment.id,
    node_id: nodeId("PRRC", comment.id),
    diff_hunk: comment.diffHunk,
    path: comment.path,
    commit_id: comment.commitSha,
    original_commit_id: comment.commitSha,
    user: simpleUser(view.urls, author),
    body: comment.body,
    created_at: isoTime(comment.createdAt),
    updated_at: isoTime(comment.updatedAt),
    html_url: page,
    pull_request_url: api,
    author_association: associationOf(hub, author, hub.tables.repositories.need(comment.repositoryId)),
    _links: { self: { href: url }, html: { href: page }, pull_request: { href: api } },
    reactions: reactionRollup(view, `review-comment ${comment.id}`, url),
    position: comment.line ?? 1,
    original_position: comment.line ?? 1,
    side: comment.side,
    ...(comment.replyToId !== null && { in_reply_to_id: comment.replyToId })
  }
}

/** A comment on a line, where GitHub still knows positions only. */
export const legacyReviewCommentJson = (view: View, comment: ReviewComment): Schemas["review-comment"] =>
  commentCore(view, comment)

/** A comment on a line. */
export const reviewCommentJson = (view: View, comment: ReviewComment) => {
  return {
    ...commentCore(view, comment),
    ...(comment.line !== null && { line: comment.line, original_line: comment.line }),
    ...(comment.startLine !== null && { start_line: comment.startLine, original_start_line: comment.startLine }),
    ...(comment.startSide !== null && { start_side: comment.startSide }),
    subject_type: comment.subject
  } satisfies Schemas["pull-request-review-comment"]
}

import { type Hub, type OutboxEvent, type PayloadOf, type Repository, type Viewer } from "@sockerless/bleephub-core"
import type { JsonValue } from "@sockerless/bleephub-core"
import { simpleUser } from "../accounts/render.ts"
import { commentJson, issueJson, labelJson, milestoneJson } from "../issues/render.ts"
import { organizationSimple } from "../organizations/render.ts"
import { pullJson, reviewCommentJson, reviewJson } from "../pulls/render.ts"
import { releaseJson } from "../releases/render.ts"
import { repositoryJson, type View } from "../repositories/render.ts"
import type { Urls } from "../wire/urls.ts"
import { checkRunJson, statusJson } from "../checks/render.ts"

const idOf = (event: OutboxEvent, field: string): number => {
  const value = event.detail[field]
  return typeof value === "number" ? value : 0
}

const textOf = (event: OutboxEvent, field: string): string => {
  const value = event.detail[field]
  return typeof value === "string" ? value : ""
}

/** Hooks see what the owner sees. */
const ownerView = (hub: Hub, urls: Urls, repository: Repository | undefined): View => {
  const account = repository === undefined ? null : (hub.tables.accounts.get(repository.ownerId) ?? null)
  const token = {
    id: 0,
    accountId: account?.id ?? 0,
    hash: "",
    kind: "classic" as const,
    note: "",
    expiresAt: null,
    createdAt: 0
  }
  const viewer: Viewer = { account, token: { ...token, scopes: ["repo", "admin:org"] } }
  return { hub, urls, viewer }
}

const issuePart = (view: View, event: OutboxEvent): object | undefined => {
  const { issues, pulls, labels } = view.hub.tables
  const issue = issues.get(idOf(event, "issueId"))
  if (issue === undefined) return undefined
  const label = labels.get(idOf(event, "labelId"))
  const more = label === undefined ? {} : { label: labelJson(view, label) }
  if (!issue.isPull || event.event === "issue_comment") return { issue: issueJson(view, issue), ...more }
  const pull = pulls.by("issue", issue.id)
  if (pull === undefined) return undefined
  return { number: issue.number, pull_request: pullJson(view, { pull, issue }), ...more }
}

const commentPart = (view: View, event: OutboxEvent): object | undefined => {
  const comment = view.hub.tables.comments.get(idOf(event, "commentId"))
  const issue = issuePart(view, event)
  if (issue === undefined) return undefined
  return { ...issue, comment: comment === undefined ? { body: textOf(event, "body") } : commentJson(view, comment) }
}

const reviewPart = (view: View, event: OutboxEvent): object | undefined => {
  const { reviews, reviewComments } = view.hub.tables
  const issue = issuePart(view, event)
  const review = reviews.get(idOf(event, "reviewId"))
  const comment = reviewComments.get(idOf(event, "reviewCommentId"))
  if (issue === undefined) return undefined
  return {
    ...issue,
    ...(review !== undefined && { review: reviewJson(view, review) }),
    ...(comment !== undefined && { comment: reviewCommentJson(view, comment) })
  }
}

const pushPart = (event: OutboxEvent): object => {
  const [ref, before, after] = ["ref", "before", "after"].map((field) => textOf(event, field))
  const zero = /^0+$/
  return {
    ref,
    before,
    after,
    created: zero.test(before ?? ""),
    deleted: zero.test(after ?? ""),
    forced: false,
    base_ref: null,
    commits: [],
    head_commit: null
  }
}

const refPart = (event: OutboxEvent): object => ({
  ref: textOf(event, "ref").replace(/^refs\/(heads|tags)\//, ""),
  ref_type: textOf(event, "ref").startsWith("refs/tags/") ? "tag" : "branch",
  pusher_type: "user"
})

const foundPart = <R>(name: string, row: R | undefined, render: (row: R) => object): object | undefined =>
  row === undefined ? undefined : { [name]: render(row) }

const partOf = (view: View, event: OutboxEvent): object | undefined => {
  const { tables } = view.hub
  switch (event.event) {
    case "issues":
    case "pull_request":
      return issuePart(view, event)
    case "issue_comment":
      return commentPart(view, event)
    case "pull_request_review":
    case "pull_request_review_comment":
      return reviewPart(view, event)
    case "push":
      return pushPart(event)
    case "create":
    case "delete":
      return refPart(event)
    case "release":
      return foundPart("release", tables.releases.get(idOf(event, "releaseId")), (row) => releaseJson(view, row))
    case "milestone":
      return foundPart("milestone", tables.milestones.get(idOf(event, "milestoneId")), (row) =>
        milestoneJson(view, row)
      )
    case "check_run":
      return foundPart("check_run", tables.checkRuns.get(idOf(event, "checkRunId")), (row) => checkRunJson(view, row))
    case "status": {
      const row = tables.statuses.get(idOf(event, "statusId"))
      return row === undefined ? undefined : { ...statusJson(view, row), sha: row.sha }
    }
    case "fork":
      return foundPart("forkee", tables.repositories.get(idOf(event, "forkId")), (row) => repositoryJson(view, row))
    default:
      return {}
  }
}

/** Makes GitHub's payloads of what happened; `urls` are the addresses written into them. */
export const payloads =
  (hub: Hub, urls: () => Urls): PayloadOf =>
  (event) => {
    const repository = event.repositoryId === null ? undefined : hub.tables.repositories.get(event.repositoryId)
    const view = ownerView(hub, urls(), repository)
    const part = partOf(view, event)
    if (part === undefined) return undefined
    const owner = repository === undefined ? undefined : hub.tables.accounts.need(repository.ownerId)
    const organization = owner?.type === "Organization" ? owner : hub.tables.accounts.get(event.organizationId ?? 0)
    const sender = simpleUser(view.urls, hub.tables.accounts.need(event.actorId))
    const whole = {
      ...(event.action !== null && { action: event.action }),
      ...part,
      ...(repository !== undefined && { repository: repositoryJson(view, repository) }),
      ...(organization !== undefined && { organization: organizationSimple(view, organization) }),
      ...(event.event === "push" && { pusher: { name: sender.login, email: null } }),
      sender
    }
    // What is stored is what JSON keeps of it.
    const payload: { readonly [field: string]: JsonValue } = JSON.parse(JSON.stringify(whole))
    return payload
  }

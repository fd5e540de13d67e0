import { requireReader, roleOf } from "../access/repository.ts"
import { atLeast } from "../access/role.ts"
import type { Viewer } from "../access/viewer.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { Forbidden, unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import { checkText, resolveAssignees } from "./create.ts"
import { ensureLabel, findMilestone } from "./labels.ts"
import { recordEvent } from "./record.ts"
import type { Issue } from "./rows.ts"

export interface IssueChange {
  readonly title?: string | undefined
  readonly body?: string | null | undefined
  readonly state?: Issue["state"] | undefined
  readonly stateReason?: Issue["stateReason"] | undefined
  /** All the labels it is to have. */
  readonly labels?: ReadonlyArray<string> | undefined
  /** All the logins it is to be assigned to. */
  readonly assignees?: ReadonlyArray<string> | undefined
  /** A milestone's number, or null for none. */
  readonly milestone?: number | null | undefined
}

/** Throws unless the viewer wrote the issue or may triage. */
export const requireEditor = (hub: Hub, viewer: Viewer, repository: Repository, issue: Issue): Account => {
  const actor = requireReader(hub, viewer, repository)
  if (issue.authorId !== actor.id && !atLeast(roleOf(hub, viewer, repository), "triage")) {
    throw new Forbidden({ reason: "Must have triage or write access to edit this." })
  }
  return actor
}

/** Throws unless the viewer may triage. */
export const requireTriage = (hub: Hub, viewer: Viewer, repository: Repository): Account => {
  const actor = requireReader(hub, viewer, repository)
  if (!atLeast(roleOf(hub, viewer, repository), "triage")) {
    throw new Forbidden({ reason: "Must have triage or write access to edit this." })
  }
  return actor
}

const happened = (
  hub: Hub,
  actor: Account,
  issue: Issue,
  action: string,
  detail: Readonly<Record<string, number>> = {}
): void => {
  const repository = hub.tables.repositories.need(issue.repositoryId)
  const event = issue.isPull ? "pull_request" : "issues"
  emit(hub, { event, action, actor, repository, detail: { issueId: issue.id, ...detail } })
}

/** Gives an issue exactly these labels and records each that came and went. Part of a change. */
export const setLabels = (hub: Hub, actor: Account, issue: Issue, ids: ReadonlyArray<number>): Issue => {
  const next = [...new Set(ids)]
  const after = hub.tables.issues.update(issue.id, { labelIds: next, updatedAt: hub.now() })
  const turn = (id: number, event: "labeled" | "unlabeled"): void => {
    recordEvent(hub, actor, issue, event, { labelId: id })
    happened(hub, actor, issue, event, { labelId: id })
  }
  for (const id of next) if (!issue.labelIds.includes(id)) turn(id, "labeled")
  for (const id of issue.labelIds) if (!next.includes(id)) turn(id, "unlabeled")
  return after
}

/** Makes exactly these accounts responsible and records each that came and went. Part of a change. */
export const setAssignees = (hub: Hub, actor: Account, issue: Issue, ids: ReadonlyArray<number>): Issue => {
  const next = [...new Set(ids)]
  const after = hub.tables.issues.update(issue.id, { assigneeIds: next, updatedAt: hub.now() })
  const turn = (id: number, event: "assigned" | "unassigned"): void => {
    recordEvent(hub, actor, issue, event, { assigneeId: id })
    happened(hub, actor, issue, event, { assigneeId: id })
  }
  for (const id of next) if (!issue.assigneeIds.includes(id)) turn(id, "assigned")
  for (const id of issue.assigneeIds) if (!next.includes(id)) turn(id, "unassigned")
  return after
}

const setMilestone = (hub: Hub, actor: Account, issue: Issue, id: number | null): Issue => {
  if (id === issue.milestoneId) return issue
  if (issue.milestoneId !== null) recordEvent(hub, actor, issue, "demilestoned", { milestoneId: issue.milestoneId })
  if (id !== null) recordEvent(hub, actor, issue, "milestoned", { milestoneId: id })
  happened(hub, actor, issue, id === null ? "demilestoned" : "milestoned")
  return hub.tables.issues.update(issue.id, { milestoneId: id, updatedAt: hub.now() })
}

/** Closes or opens an issue; nothing happens to one that is so already, except for its reason. Part of a change. */
export const setState = (
  hub: Hub,
  actor: Account,
  issue: Issue,
  state: Issue["state"],
  reason: Issue["stateReason"] = null
): Issue => {
  const stateReason = issue.isPull ? null : state === "closed" ? (reason ?? "completed") : "reopened"
  if (issue.state === state) {
    if (state === "open" || issue.stateReason === stateReason) return issue
    return hub.tables.issues.update(issue.id, { stateReason, updatedAt: hub.now() })
  }
  const now = hub.now()
  const after = hub.tables.issues.update(issue.id, {
    state,
    stateReason,
    closedAt: state === "closed" ? now : null,
    closedById: state === "closed" ? actor.id : null,
    updatedAt: now
  })
  recordEvent(hub, actor, issue, state === "closed" ? "closed" : "reopened", { stateReason })
  happened(hub, actor, issue, state === "closed" ? "closed" : "reopened")
  return after
}

const setText = (hub: Hub, actor: Account, issue: Issue, change: IssueChange): Issue => {
  checkText(issue.isPull ? "PullRequest" : "Issue", {
    ...(change.title !== undefined && { title: change.title }),
    body: change.body ?? null
  })
  const title = change.title ?? issue.title
  const body = change.body === undefined ? issue.body : change.body
  if (title === issue.title && body === issue.body) return issue
  if (title !== issue.title) recordEvent(hub, actor, issue, "renamed", { from: issue.title, to: title })
  happened(hub, actor, issue, "edited")
  return hub.tables.issues.update(issue.id, { title, body, updatedAt: hub.now() })
}

/** Changes an issue or the issue side of a pull request, each part with its history. Part of a change. */
export const updateIssue = (
  hub: Hub,
  viewer: Viewer,
  repository: Repository,
  issue: Issue,
  change: IssueChange
): Issue => {
  const actor = requireEditor(hub, viewer, repository, issue)
  let now = setText(hub, actor, issue, change)
  const mayTriage = atLeast(roleOf(hub, viewer, repository), "triage")
  if (mayTriage && change.labels !== undefined) {
    now = setLabels(
      hub,
      actor,
      now,
      change.labels.map((name) => ensureLabel(hub, repository, name).id)
    )
  }
  if (mayTriage && change.assignees !== undefined) {
    now = setAssignees(hub, actor, now, resolveAssignees(hub, repository, change.assignees))
  }
  if (mayTriage && change.milestone !== undefined) {
    const id = change.milestone === null ? null : findMilestone(hub, repository, change.milestone).id
    now = setMilestone(hub, actor, now, id)
  }
  if (change.state !== undefined) now = setState(hub, actor, now, change.state, change.stateReason ?? null)
  return now
}

/** Locks or unlocks the conversation. Part of a change. */
export const setLocked = (hub: Hub, actor: Account, issue: Issue, locked: boolean, reason: string | null): Issue => {
  if (issue.locked === locked && issue.lockReason === reason) return issue
  recordEvent(hub, actor, issue, locked ? "locked" : "unlocked", { lockReason: reason })
  happened(hub, actor, issue, locked ? "locked" : "unlocked")
  return hub.tables.issues.update(issue.id, { locked, lockReason: locked ? reason : null, updatedAt: hub.now() })
}

const PIN_LIMIT = 3

/** Puts an issue on top of the list or takes it down; three may be there. Part of a change. */
export const setPinned = (hub: Hub, actor: Account, issue: Issue, pinned: boolean): Issue => {
  if (issue.pinned === pinned) return issue
  const others = hub.tables.issues.where("repository", issue.repositoryId).filter((one) => one.pinned)
  if (pinned && others.length >= PIN_LIMIT) throw unprocessable("Maximum 3 pinned issues per repository")
  recordEvent(hub, actor, issue, pinned ? "pinned" : "unpinned")
  happened(hub, actor, issue, pinned ? "pinned" : "unpinned")
  return hub.tables.issues.update(issue.id, { pinned })
}

/** Removes an issue with everything on it. Part of a change. */
export const deleteIssue = (hub: Hub, actor: Account, issue: Issue): void => {
  happened(hub, actor, issue, "deleted")
  for (const comment of hub.tables.comments.where("issue", issue.id)) {
    for (const one of hub.tables.reactions.where("subject", `comment ${comment.id}`))
      hub.tables.reactions.remove(one.id)
    hub.tables.comments.remove(comment.id)
  }
  for (const one of hub.tables.reactions.where("subject", `issue ${issue.id}`)) hub.tables.reactions.remove(one.id)
  for (const event of hub.tables.issueEvents.where("issue", issue.id)) hub.tables.issueEvents.remove(event.id)
  hub.tables.issues.remove(issue.id)
}

import { grantedRole, requireReader, roleOf } from "../access/repository.ts"
import { atLeast } from "../access/role.ts"
import type { Viewer } from "../access/viewer.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { invalid } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import { requireIssues } from "./find.ts"
import { ensureLabel, findMilestone } from "./labels.ts"
import { recordEvent } from "./record.ts"
import type { Issue } from "./rows.ts"

const TITLE_LIMIT = 256
const BODY_LIMIT = 65_536

export interface NewIssue {
  readonly title: string
  readonly body?: string | null
  readonly labels?: ReadonlyArray<string>
  readonly assignees?: ReadonlyArray<string>
  /** A milestone's number. */
  readonly milestone?: number | null
}

/** Throws GitHub's 422 for a title or body that is empty or too long. */
export const checkText = (resource: string, text: { readonly title?: string; readonly body?: string | null }): void => {
  if (text.title !== undefined && text.title.trim() === "") {
    throw invalid({ resource, field: "title", code: "missing_field" })
  }
  if (text.title !== undefined && text.title.length > TITLE_LIMIT) {
    throw invalid({
      resource,
      field: "title",
      code: "custom",
      message: "title is too long (maximum is 256 characters)"
    })
  }
  if ((text.body?.length ?? 0) > BODY_LIMIT) {
    throw invalid({
      resource,
      field: "body",
      code: "custom",
      message: "body is too long (maximum is 65536 characters)"
    })
  }
}

/** Whether an account may be made responsible for issues of this repository. */
export const isAssignable = (hub: Hub, repository: Repository, account: Account): boolean =>
  account.type !== "Organization" && atLeast(grantedRole(hub, account, repository), "read")

/** Everybody who may be made responsible, by login. */
export const assignableAccounts = (hub: Hub, repository: Repository): ReadonlyArray<Account> => {
  const owner = hub.tables.accounts.need(repository.ownerId)
  const ids = new Set([
    ...(owner.type === "Organization" ? [] : [owner.id]),
    ...hub.tables.memberships.where("organization", owner.id).map((row) => row.accountId),
    ...hub.tables.collaborators.where("repository", repository.id).map((row) => row.accountId)
  ])
  return [...ids]
    .map((id) => hub.tables.accounts.need(id))
    .filter((account) => isAssignable(hub, repository, account))
    .toSorted((a, b) => (a.login.toLowerCase() < b.login.toLowerCase() ? -1 : 1))
}

/** The accounts of logins that may be made responsible; others are GitHub's 422. */
export const resolveAssignees = (
  hub: Hub,
  repository: Repository,
  logins: ReadonlyArray<string>
): ReadonlyArray<number> => [
  ...new Set(
    logins.map((login) => {
      const account = hub.tables.accounts.by("login", login.toLowerCase())
      if (account === undefined || !isAssignable(hub, repository, account)) {
        throw invalid({ resource: "Issue", field: "assignees", code: "invalid", value: login })
      }
      return account.id
    })
  )
]

/** Takes the next number of a repository. Part of a change. */
export const takeNumber = (hub: Hub, repository: Repository): number => {
  const number = hub.tables.repositories.need(repository.id).lastNumber + 1
  hub.tables.repositories.update(repository.id, { lastNumber: number })
  return number
}

/** Writes the row of an issue or of the issue side of a pull request. Part of a change. */
export const insertIssue = (
  hub: Hub,
  actor: Account,
  repository: Repository,
  input: NewIssue & { readonly isPull: boolean; readonly mayTriage: boolean }
): Issue => {
  checkText(input.isPull ? "PullRequest" : "Issue", input)
  // GitHub drops, and does not refuse, what somebody without the right to triage asks for.
  const asked: Partial<NewIssue> = input.mayTriage ? input : {}
  const labelIds = (asked.labels ?? []).map((name) => ensureLabel(hub, repository, name).id)
  const assigneeIds = resolveAssignees(hub, repository, asked.assignees ?? [])
  const milestone = asked.milestone ?? null
  const now = hub.now()
  const issue = hub.tables.issues.insert({
    repositoryId: repository.id,
    number: takeNumber(hub, repository),
    isPull: input.isPull,
    title: input.title,
    body: input.body ?? null,
    authorId: actor.id,
    state: "open",
    stateReason: null,
    labelIds: [...new Set(labelIds)],
    assigneeIds,
    milestoneId: milestone === null ? null : findMilestone(hub, repository, milestone).id,
    locked: false,
    lockReason: null,
    pinned: false,
    closedAt: null,
    closedById: null,
    createdAt: now,
    updatedAt: now
  })
  for (const id of issue.labelIds) recordEvent(hub, actor, issue, "labeled", { labelId: id })
  for (const id of issue.assigneeIds) recordEvent(hub, actor, issue, "assigned", { assigneeId: id })
  if (issue.milestoneId !== null) recordEvent(hub, actor, issue, "milestoned", { milestoneId: issue.milestoneId })
  return issue
}

/** Opens an issue. Part of a change. */
export const createIssue = (hub: Hub, viewer: Viewer, repository: Repository, input: NewIssue): Issue => {
  const actor = requireReader(hub, viewer, repository)
  requireIssues(repository)
  const mayTriage = atLeast(roleOf(hub, viewer, repository), "triage")
  const issue = insertIssue(hub, actor, repository, { ...input, isPull: false, mayTriage })
  emit(hub, { event: "issues", action: "opened", actor, repository, detail: { issueId: issue.id } })
  return issue
}

import type { Account } from "../accounts/rows.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import type { Issue } from "./rows.ts"

export interface IssueFilter {
  readonly state?: "open" | "closed" | "all" | undefined
  /** Pull requests, issues, or both when absent. */
  readonly isPull?: boolean | undefined
  /** Names of labels, all of which it has. */
  readonly labels?: ReadonlyArray<string> | undefined
  /** A login, `*` for any, `none`. */
  readonly assignee?: string | undefined
  readonly creator?: string | undefined
  readonly mentioned?: string | undefined
  /** A milestone's number, `*` for any, `none`. */
  readonly milestone?: string | undefined
  /** Changed at or after. */
  readonly since?: number | undefined
  readonly sort?: "created" | "updated" | "comments" | undefined
  readonly direction?: "asc" | "desc" | undefined
}

const accountIdOf = (hub: Hub, login: string): number => hub.tables.accounts.by("login", login.toLowerCase())?.id ?? -1

const matchesAssignee = (hub: Hub, issue: Issue, assignee: string): boolean => {
  if (assignee === "*") return issue.assigneeIds.length > 0
  if (assignee === "none") return issue.assigneeIds.length === 0
  return issue.assigneeIds.includes(accountIdOf(hub, assignee))
}

const matchesMilestone = (hub: Hub, issue: Issue, milestone: string): boolean => {
  if (milestone === "*") return issue.milestoneId !== null
  if (milestone === "none") return issue.milestoneId === null
  return issue.milestoneId !== null && hub.tables.milestones.need(issue.milestoneId).number === Number(milestone)
}

/** Whether somebody is named with @ in the text of an issue. */
export const mentions = (text: string | null, login: string): boolean =>
  text !== null &&
  [...text.matchAll(/(?<![\w`])@([a-z\d][a-z\d-]*)/gi)].some((found) => found[1]?.toLowerCase() === login.toLowerCase())

const matches = (hub: Hub, repository: Repository, filter: IssueFilter): ((issue: Issue) => boolean) => {
  const labelIds = (filter.labels ?? []).map(
    (name) => hub.tables.labels.by("name", `${repository.id}/${name.toLowerCase()}`)?.id ?? -1
  )
  const state = filter.state ?? "open"
  return (issue) =>
    (state === "all" || issue.state === state) &&
    (filter.isPull === undefined || issue.isPull === filter.isPull) &&
    labelIds.every((id) => issue.labelIds.includes(id)) &&
    (filter.assignee === undefined || matchesAssignee(hub, issue, filter.assignee)) &&
    (filter.creator === undefined || issue.authorId === accountIdOf(hub, filter.creator)) &&
    (filter.mentioned === undefined || mentions(issue.body, filter.mentioned)) &&
    (filter.milestone === undefined || matchesMilestone(hub, issue, filter.milestone)) &&
    (filter.since === undefined || issue.updatedAt >= filter.since)
}

/** Issues in the order asked for, the later id first where they are alike. */
export const sortIssues = (
  hub: Hub,
  issues: ReadonlyArray<Issue>,
  sort: IssueFilter["sort"] = "created",
  direction: IssueFilter["direction"] = "desc"
): ReadonlyArray<Issue> => {
  const rank = (issue: Issue): number =>
    sort === "updated"
      ? issue.updatedAt
      : sort === "comments"
        ? hub.tables.comments.count("issue", issue.id)
        : issue.createdAt
  const sign = direction === "asc" ? 1 : -1
  return issues.toSorted((a, b) => sign * (rank(a) - rank(b) || a.id - b.id))
}

/** The issues and pull requests of a repository that pass the filter. */
export const listIssues = (hub: Hub, repository: Repository, filter: IssueFilter): ReadonlyArray<Issue> => {
  const all = hub.tables.issues.where("repository", repository.id).filter(matches(hub, repository, filter))
  return sortIssues(hub, all, filter.sort, filter.direction)
}

/** How an account stands to a repository, as GitHub prints it beside what it wrote. */
export const associationOf = (hub: Hub, account: Account, repository: Repository) => {
  if (repository.ownerId === account.id) return "OWNER" as const
  const membership = hub.tables.memberships.by("pair", `${repository.ownerId}/${account.id}`)
  if (membership?.state === "active") return "MEMBER" as const
  if (hub.tables.collaborators.by("pair", `${repository.id}/${account.id}`) !== undefined) {
    return "COLLABORATOR" as const
  }
  return "NONE" as const
}

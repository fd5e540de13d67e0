import { canSee } from "../access/repository.ts"
import type { Viewer } from "../access/viewer.ts"
import { checksOf, rollupState } from "../checks/checks.ts"
import { unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { type IssueFilter, mentions, sortIssues } from "../issues/list.ts"
import type { Issue } from "../issues/rows.ts"
import { reviewDecision } from "../pulls/reviews.ts"
import type { Pull } from "../pulls/rows.ts"
import { fullName } from "../repositories/find.ts"
import type { Repository } from "../repositories/rows.ts"
import { inNumbers, inTimes, parseQuery, type Qualifier, type Query } from "./parse.ts"

interface Candidate {
  readonly hub: Hub
  readonly viewer: Viewer
  readonly issue: Issue
  readonly pull: Pull | undefined
  readonly repository: Repository
}

type Test = (candidate: Candidate, value: string) => boolean

const accountId = ({ hub, viewer }: Candidate, login: string): number => {
  const id =
    login === "@me" ? viewer.account?.id : hub.tables.accounts.by("login", login.toLowerCase().replace(/^@/, ""))?.id
  return id ?? -1
}

const loginOf = (candidate: Candidate, login: string): string =>
  login === "@me" ? (candidate.viewer.account?.login ?? "") : login

const commentsOf = ({ hub, issue }: Candidate) => hub.tables.comments.where("issue", issue.id)

const mentioned: Test = (candidate, value) => {
  const login = loginOf(candidate, value)
  return mentions(candidate.issue.body, login) || commentsOf(candidate).some((one) => mentions(one.body, login))
}

const commented: Test = (candidate, value) => {
  const id = accountId(candidate, value)
  return commentsOf(candidate).some((one) => one.authorId === id)
}

const is: Test = ({ issue, pull, repository }, value) => {
  const tests: Readonly<Record<string, boolean>> = {
    issue: !issue.isPull,
    pr: issue.isPull,
    "pull-request": issue.isPull,
    open: issue.state === "open",
    closed: issue.state === "closed",
    merged: pull !== undefined && pull.mergedAt !== null,
    unmerged: pull !== undefined && pull.mergedAt === null,
    draft: pull?.draft === true,
    locked: issue.locked,
    unlocked: !issue.locked,
    public: repository.visibility === "public",
    private: repository.visibility !== "public"
  }
  const found = tests[value.toLowerCase()]
  if (found === undefined) throw unprocessable("Validation Failed", `"${value}" is not a value of is:`)
  return found
}

const no: Test = ({ issue }, value) => {
  const tests: Readonly<Record<string, boolean>> = {
    label: issue.labelIds.length === 0,
    assignee: issue.assigneeIds.length === 0,
    milestone: issue.milestoneId === null,
    project: true
  }
  const found = tests[value.toLowerCase()]
  if (found === undefined) throw unprocessable("Validation Failed", `"${value}" is not a value of no:`)
  return found
}

const review: Test = ({ hub, pull }, value) => {
  if (pull === undefined) return false
  const decision = reviewDecision(hub, pull)
  if (value === "approved") return decision === "APPROVED"
  if (value === "changes_requested") return decision === "CHANGES_REQUESTED"
  if (value === "required") return decision === "REVIEW_REQUIRED"
  return hub.tables.reviews.count("pull", pull.id) === 0
}

const status: Test = ({ hub, pull, repository }, value) => {
  if (pull === undefined) return false
  const checks = checksOf(hub, repository, pull.headSha)
  if (checks.runs.length + checks.statuses.length === 0) return false
  return rollupState(checks).toLowerCase() === value
}

const tests: Readonly<Record<string, Test>> = {
  is,
  no,
  review,
  status,
  type: is,
  state: is,
  archived: ({ repository }, value) => repository.archived === (value === "true"),
  draft: ({ pull }, value) => pull !== undefined && pull.draft === (value === "true"),
  repo: ({ hub, repository }, value) => fullName(hub, repository).toLowerCase() === value.toLowerCase(),
  user: (candidate, value) => candidate.repository.ownerId === accountId(candidate, value),
  org: (candidate, value) => candidate.repository.ownerId === accountId(candidate, value),
  owner: (candidate, value) => candidate.repository.ownerId === accountId(candidate, value),
  author: (candidate, value) => candidate.issue.authorId === accountId(candidate, value),
  assignee: (candidate, value) =>
    value === "*"
      ? candidate.issue.assigneeIds.length > 0
      : candidate.issue.assigneeIds.includes(accountId(candidate, value)),
  mentions: mentioned,
  commenter: commented,
  involves: (candidate, value) =>
    candidate.issue.authorId === accountId(candidate, value) ||
    candidate.issue.assigneeIds.includes(accountId(candidate, value)) ||
    mentioned(candidate, value) ||
    commented(candidate, value),
  label: ({ hub, issue }, value) =>
    value
      .split(",")
      .some((name) =>
        issue.labelIds.some((id) => hub.tables.labels.need(id).name.toLowerCase() === name.toLowerCase())
      ),
  milestone: ({ hub, issue }, value) =>
    value === "*"
      ? issue.milestoneId !== null
      : issue.milestoneId !== null &&
        hub.tables.milestones.need(issue.milestoneId).title.toLowerCase() === value.toLowerCase(),
  head: ({ pull }, value) => pull?.headRef === value,
  base: ({ pull }, value) => pull?.baseRef === value,
  sha: ({ pull }, value) => pull?.headSha.startsWith(value) === true || pull?.mergeSha?.startsWith(value) === true,
  "review-requested": (candidate, value) => candidate.pull?.reviewerIds.includes(accountId(candidate, value)) === true,
  "user-review-requested": (candidate, value) =>
    candidate.pull?.reviewerIds.includes(accountId(candidate, value)) === true,
  "reviewed-by": (candidate, value) =>
    candidate.pull !== undefined &&
    candidate.hub.tables.reviews
      .where("pull", candidate.pull.id)
      .some((one) => one.authorId === accountId(candidate, value) && one.state !== "PENDING"),
  created: ({ issue }, value) => inTimes(issue.createdAt, value),
  updated: ({ issue }, value) => inTimes(issue.updatedAt, value),
  closed: ({ issue }, value) => issue.closedAt !== null && inTimes(issue.closedAt, value),
  merged: ({ pull }, value) => pull !== undefined && pull.mergedAt !== null && inTimes(pull.mergedAt, value),
  comments: (candidate, value) => inNumbers(candidate.hub.tables.comments.count("issue", candidate.issue.id), value),
  reason: ({ issue }, value) => issue.stateReason === value.replace(" ", "_"),
  linked: () => false
}

/** Qualifiers that say how and where, and not what. */
const MANNER = new Set(["sort", "in"])

const KNOWN = new Set([...Object.keys(tests), ...MANNER])

/** Several of these widen, and do not narrow, what is found. */
const ANY = new Set(["repo", "user", "org", "owner", "author"])

const matchesText = (candidate: Candidate, query: Query, places: ReadonlyArray<string>): boolean => {
  const { issue } = candidate
  const texts = [
    places.includes("title") ? issue.title : "",
    places.includes("body") ? (issue.body ?? "") : "",
    ...(places.includes("comments") ? commentsOf(candidate).map((one) => one.body) : [])
  ]
  const text = texts.join("\n").toLowerCase()
  return query.words.every((word) => text.includes(word) || word === String(issue.number))
}

const matches = (candidate: Candidate, query: Query, places: ReadonlyArray<string>): boolean => {
  const any = new Map<string, boolean>()
  for (const { name, value, negated } of query.qualifiers) {
    const test = tests[name]
    if (test === undefined) continue
    const holds = test(candidate, value)
    const group = name === "user" || name === "org" || name === "owner" || name === "repo" ? "where" : name
    if (ANY.has(name) && !negated) any.set(group, any.get(group) === true || holds)
    else if (holds === negated) return false
  }
  return [...any.values()].every((holds) => holds) && matchesText(candidate, query, places)
}

const sortOf = (qualifiers: ReadonlyArray<Qualifier>, sort: string | undefined, order: string | undefined) => {
  const [field, direction] = (qualifiers.find((one) => one.name === "sort")?.value ?? "").split("-")
  const by = sort ?? field
  const wanted: IssueFilter["sort"] = by === "updated" || by === "comments" ? by : "created"
  return { sort: wanted, direction: (order ?? direction) === "asc" ? ("asc" as const) : ("desc" as const) }
}

const candidatesOf = (hub: Hub, viewer: Viewer, query: Query): ReadonlyArray<Repository> => {
  const named = query.qualifiers
    .filter((one) => one.name === "repo" && !one.negated)
    .map((one) => one.value.toLowerCase())
  const only = named.length > 0 && !query.qualifiers.some((one) => ["user", "org", "owner"].includes(one.name))
  return hub.tables.repositories
    .all()
    .filter((one) => !only || named.includes(fullName(hub, one).toLowerCase()))
    .filter((one) => canSee(hub, viewer, one))
}

export interface SearchOrder {
  readonly sort?: string | undefined
  readonly order?: string | undefined
}

/** The issues and pull requests that GitHub's query language finds among those the viewer may see. */
export const searchIssues = (hub: Hub, viewer: Viewer, text: string, order: SearchOrder = {}): ReadonlyArray<Issue> => {
  const query = parseQuery(text, KNOWN)
  const places = query.qualifiers.filter((one) => one.name === "in").flatMap((one) => one.value.split(","))
  const where = places.length === 0 ? ["title", "body"] : places
  const found = candidatesOf(hub, viewer, query).flatMap((repository) =>
    hub.tables.issues.where("repository", repository.id).filter((issue) => {
      const pull = issue.isPull ? hub.tables.pulls.by("issue", issue.id) : undefined
      return matches({ hub, viewer, issue, pull, repository }, query, where)
    })
  )
  const { sort, direction } = sortOf(query.qualifiers, order.sort, order.order)
  return sortIssues(hub, found, sort, direction)
}

import {
  createIssue,
  findIssue,
  findRepository,
  type Issue,
  type IssueChange,
  listIssues,
  requireAccount,
  setLocked,
  roleOf,
  atLeast,
  requireIssues,
  requireWriter,
  updateIssue
} from "@sockerless/bleephub-core"
import { type Call, operation } from "../wire/call.ts"
import { issueJson } from "./render.ts"

/** The names in GitHub's mixed list of labels. */
export const labelNames = (labels: ReadonlyArray<string | { readonly name?: string | null }>): ReadonlyArray<string> =>
  labels.map((label) => (typeof label === "string" ? label : (label.name ?? ""))).filter((name) => name !== "")

/** The logins in GitHub's mixed list of assignees. */
export const loginsOf = (assignees: ReadonlyArray<string | { readonly login?: string }>): ReadonlyArray<string> =>
  assignees.map((one) => (typeof one === "string" ? one : (one.login ?? ""))).filter((login) => login !== "")

const milestoneOf = (milestone: string | number | null | undefined): number | null | undefined =>
  milestone === null || milestone === undefined ? milestone : Number(milestone)

const STATE_REASONS = new Set(["completed", "not_planned", "duplicate", "reopened"])

const isStateReason = (text: unknown): text is NonNullable<Issue["stateReason"]> =>
  typeof text === "string" && STATE_REASONS.has(text)

const mineOnly = (call: Call<"issues/list">): ReadonlyArray<Issue> => {
  const account = requireAccount(call.viewer)
  const { filter = "assigned", state = "open", labels } = call.query
  const wanted = labels === undefined || labels === "" ? [] : labels.split(",")
  return call.hub.tables.issues
    .all()
    .filter((issue) => state === "all" || issue.state === state)
    .filter((issue) =>
      atLeast(roleOf(call.hub, call.viewer, call.hub.tables.repositories.need(issue.repositoryId)), "read")
    )
    .filter(
      (issue) =>
        filter === "all" ||
        filter === "repos" ||
        (filter === "created" ? issue.authorId === account.id : issue.assigneeIds.includes(account.id))
    )
    .filter((issue) =>
      wanted.every((name) => issue.labelIds.some((id) => call.hub.tables.labels.need(id).name === name))
    )
    .toReversed()
}

const changeOf = (body: Call<"issues/update">["body"]): IssueChange => ({
  title: body?.title === undefined || body.title === null ? undefined : String(body.title),
  body: body?.body,
  state: body?.state,
  stateReason: isStateReason(body?.state_reason) ? body.state_reason : undefined,
  labels: body?.labels === undefined ? undefined : labelNames(body.labels),
  assignees:
    body?.assignees === undefined
      ? body?.assignee === undefined
        ? undefined
        : loginsOf([body.assignee ?? ""])
      : loginsOf(body.assignees),
  milestone: milestoneOf(body?.milestone)
})

/** Issues: open, read, list, change, lock. */
export const issueOperations = [
  operation("issues/list-for-repo", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const { labels, since, ...query } = call.query
    const issues = listIssues(call.hub, repository, {
      ...query,
      labels: labels === undefined || labels === "" ? [] : labels.split(","),
      since: since === undefined ? undefined : Date.parse(since)
    })
    return call.page(issues, (issue) => issueJson(call, issue))
  }),
  operation("issues/list", (call) => call.page(mineOnly(call), (issue) => issueJson(call, issue))),
  operation("issues/get", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    if (!issue.isPull) requireIssues(repository)
    return issueJson(call, issue)
  }),
  operation("issues/create", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const { body } = call
    const issue = await call.hub.change(() =>
      createIssue(call.hub, call.viewer, repository, {
        title: String(body.title),
        body: body.body ?? null,
        labels: labelNames(body.labels ?? []),
        assignees: loginsOf(body.assignees ?? [body.assignee ?? ""]),
        milestone: milestoneOf(body.milestone) ?? null
      })
    )
    call.answerHeaders["location"] = issueJson(call, issue).url
    return issueJson(call, issue)
  }),
  operation("issues/update", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    const change = changeOf(call.body)
    return issueJson(call, await call.hub.change(() => updateIssue(call.hub, call.viewer, repository, issue, change)))
  }),
  operation("issues/lock", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    await call.hub.change(() => setLocked(call.hub, actor, issue, true, call.body?.lock_reason ?? null))
  }),
  operation("issues/unlock", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    await call.hub.change(() => setLocked(call.hub, actor, issue, false, null))
  })
]

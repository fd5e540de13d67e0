import {
  assignableAccounts,
  findIssue,
  findRepository,
  notFound,
  requireTriage,
  resolveAssignees,
  setAssignees
} from "@sockerless/bleephub-core"
import { simpleUser } from "../accounts/render.ts"
import { operation } from "../wire/call.ts"
import { loginsOf } from "./operations.ts"
import { issueJson } from "./render.ts"

/** Who may be, is, and is made responsible. */
export const assigneeOperations = [
  operation("issues/list-assignees", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    return call.page(assignableAccounts(call.hub, repository), (account) => simpleUser(call.urls, account))
  }),
  operation("issues/check-user-can-be-assigned", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const login = call.path.assignee.toLowerCase()
    if (!assignableAccounts(call.hub, repository).some((one) => one.login.toLowerCase() === login)) throw notFound()
  }),
  operation("issues/check-user-can-be-assigned-to-issue", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    findIssue(call.hub, repository, call.path.issue_number)
    const login = call.path.assignee.toLowerCase()
    if (!assignableAccounts(call.hub, repository).some((one) => one.login.toLowerCase() === login)) throw notFound()
  }),
  operation("issues/add-assignees", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireTriage(call.hub, call.viewer, repository)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    const ids = resolveAssignees(call.hub, repository, loginsOf(call.body?.assignees ?? []))
    const after = await call.hub.change(() => setAssignees(call.hub, actor, issue, [...issue.assigneeIds, ...ids]))
    return issueJson(call, after)
  }),
  operation("issues/remove-assignees", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireTriage(call.hub, call.viewer, repository)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    const ids = resolveAssignees(call.hub, repository, loginsOf(call.body?.assignees ?? []))
    const left = issue.assigneeIds.filter((id) => !ids.includes(id))
    return issueJson(call, await call.hub.change(() => setAssignees(call.hub, actor, issue, left)))
  })
]

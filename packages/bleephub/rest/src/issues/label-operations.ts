import {
  createLabel,
  deleteLabel,
  ensureLabel,
  findIssue,
  findLabel,
  findRepository,
  type Issue,
  notFound,
  requireTriage,
  requireWriter,
  setLabels,
  updateLabel
} from "@sockerless/bleephub-core"
import { milestoneNumbered } from "@sockerless/bleephub-core"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { labelNames } from "./operations.ts"
import { labelJson } from "./render.ts"

type LabelBody = Call<"issues/set-labels">["body"] | Call<"issues/add-labels">["body"]

const namesOf = (body: LabelBody): ReadonlyArray<string> => {
  if (body === undefined) return []
  if (typeof body === "string") return [body]
  if (Array.isArray(body)) return labelNames(body)
  return "labels" in body && body.labels !== undefined ? labelNames(body.labels) : []
}

const shown = (call: Call<OperationId>, issue: Issue) =>
  issue.labelIds.map((id) => labelJson(call, call.hub.tables.labels.need(id)))

/** Labels of a repository, and labels on issues. */
export const labelOperations = [
  operation("issues/list-labels-for-repo", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    return call.page(call.hub.tables.labels.where("repository", repository.id), (label) => labelJson(call, label))
  }),
  operation("issues/get-label", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    return labelJson(call, findLabel(call.hub, repository, call.path.name))
  }),
  operation("issues/create-label", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const label = await call.hub.change(() => createLabel(call.hub, repository, call.body))
    call.answerHeaders["location"] = labelJson(call, label).url
    return labelJson(call, label)
  }),
  operation("issues/update-label", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const label = findLabel(call.hub, repository, call.path.name)
    const { new_name: name, color, description } = call.body ?? {}
    const change = { ...(name !== undefined && { name }), color, description }
    return labelJson(call, await call.hub.change(() => updateLabel(call.hub, repository, label, change)))
  }),
  operation("issues/delete-label", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const label = findLabel(call.hub, repository, call.path.name)
    await call.hub.change(() => deleteLabel(call.hub, repository, label))
  }),
  operation("issues/list-labels-on-issue", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    return call.page(shown(call, issue), (label) => label)
  }),
  operation("issues/list-labels-for-milestone", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const milestone = milestoneNumbered(call.hub, repository, call.path.milestone_number)
    const ids = new Set(call.hub.tables.issues.where("milestone", milestone.id).flatMap((issue) => issue.labelIds))
    return call.page([...ids], (id) => labelJson(call, call.hub.tables.labels.need(id)))
  }),
  operation("issues/add-labels", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireTriage(call.hub, call.viewer, repository)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    const after = await call.hub.change(() => {
      const ids = namesOf(call.body).map((name) => ensureLabel(call.hub, repository, name).id)
      return setLabels(call.hub, actor, issue, [...issue.labelIds, ...ids])
    })
    return shown(call, after)
  }),
  operation("issues/set-labels", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireTriage(call.hub, call.viewer, repository)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    const after = await call.hub.change(() => {
      const ids = namesOf(call.body).map((name) => ensureLabel(call.hub, repository, name).id)
      return setLabels(call.hub, actor, issue, ids)
    })
    return shown(call, after)
  }),
  operation("issues/remove-label", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireTriage(call.hub, call.viewer, repository)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    const label = findLabel(call.hub, repository, call.path.name)
    if (!issue.labelIds.includes(label.id)) throw notFound("Label does not exist")
    const left = issue.labelIds.filter((id) => id !== label.id)
    return shown(call, await call.hub.change(() => setLabels(call.hub, actor, issue, left)))
  }),
  operation("issues/remove-all-labels", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireTriage(call.hub, call.viewer, repository)
    const issue = findIssue(call.hub, repository, call.path.issue_number)
    await call.hub.change(() => setLabels(call.hub, actor, issue, []))
  })
]

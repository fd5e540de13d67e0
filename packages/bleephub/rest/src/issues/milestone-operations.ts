import {
  createMilestone,
  deleteMilestone,
  findRepository,
  type Milestone,
  milestoneCounts,
  milestoneNumbered,
  requireWriter,
  updateMilestone
} from "@sockerless/bleephub-core"
import { operation } from "../wire/call.ts"
import { milestoneJson } from "./render.ts"

const dueOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))

/** Milestones. */
export const milestoneOperations = [
  operation("issues/list-milestones", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const { state = "open", sort = "due_on", direction = "asc" } = call.query
    const share = (milestone: Milestone): number => {
      const { open, closed } = milestoneCounts(call.hub, milestone)
      return open + closed === 0 ? 0 : closed / (open + closed)
    }
    const rank = (milestone: Milestone): number =>
      sort === "completeness" ? share(milestone) : (milestone.dueOn ?? Number.MAX_SAFE_INTEGER)
    const sign = direction === "desc" ? -1 : 1
    const milestones = call.hub.tables.milestones
      .where("repository", repository.id)
      .filter((one) => state === "all" || one.state === state)
      .toSorted((a, b) => sign * (rank(a) - rank(b) || a.number - b.number))
    return call.page(milestones, (milestone) => milestoneJson(call, milestone))
  }),
  operation("issues/get-milestone", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    return milestoneJson(call, milestoneNumbered(call.hub, repository, call.path.milestone_number))
  }),
  operation("issues/create-milestone", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const { title, description, state, due_on: due } = call.body
    const milestone = await call.hub.change(() =>
      createMilestone(call.hub, actor, repository, { title, description, state, dueOn: dueOf(due) })
    )
    call.answerHeaders["location"] = milestoneJson(call, milestone).url
    return milestoneJson(call, milestone)
  }),
  operation("issues/update-milestone", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const milestone = milestoneNumbered(call.hub, repository, call.path.milestone_number)
    const { title, description, state, due_on: due } = call.body ?? {}
    const change = { title, description, state, dueOn: dueOf(due) }
    return milestoneJson(
      call,
      await call.hub.change(() => updateMilestone(call.hub, actor, repository, milestone, change))
    )
  }),
  operation("issues/delete-milestone", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    requireWriter(call.hub, call.viewer, repository)
    const milestone = milestoneNumbered(call.hub, repository, call.path.milestone_number)
    await call.hub.change(() => deleteMilestone(call.hub, milestone))
  })
]

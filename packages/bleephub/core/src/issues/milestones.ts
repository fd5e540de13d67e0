import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { invalid, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Milestone, Repository } from "../repositories/rows.ts"

export interface MilestoneFields {
  readonly title?: string | undefined
  readonly description?: string | null | undefined
  readonly state?: Milestone["state"] | undefined
  /** Milliseconds since 1970. */
  readonly dueOn?: number | null | undefined
}

/** The milestone of a number, or 404. */
export const milestoneNumbered = (hub: Hub, repository: Repository, number: number): Milestone => {
  const found = hub.tables.milestones.by("number", `${repository.id}/${number}`)
  if (found === undefined) throw notFound()
  return found
}

const checkTitle = (hub: Hub, repository: Repository, title: string, self?: Milestone): void => {
  if (title.trim() === "") throw invalid({ resource: "Milestone", field: "title", code: "missing_field" })
  const taken = hub.tables.milestones.where("repository", repository.id).find((one) => one.title === title)
  if (taken !== undefined && taken.id !== self?.id) {
    throw invalid({ resource: "Milestone", field: "title", code: "already_exists", value: title })
  }
}

/** Makes a milestone. Part of a change. */
export const createMilestone = (
  hub: Hub,
  actor: Account,
  repository: Repository,
  input: MilestoneFields & { readonly title: string }
): Milestone => {
  checkTitle(hub, repository, input.title)
  const number = hub.tables.repositories.need(repository.id).lastMilestone + 1
  hub.tables.repositories.update(repository.id, { lastMilestone: number })
  const now = hub.now()
  const milestone = hub.tables.milestones.insert({
    repositoryId: repository.id,
    number,
    title: input.title,
    description: input.description ?? null,
    state: input.state ?? "open",
    creatorId: actor.id,
    dueOn: input.dueOn ?? null,
    closedAt: input.state === "closed" ? now : null,
    createdAt: now,
    updatedAt: now
  })
  emit(hub, { event: "milestone", action: "created", actor, repository, detail: { milestoneId: milestone.id } })
  return milestone
}

/** Changes, closes or opens a milestone. Part of a change. */
export const updateMilestone = (
  hub: Hub,
  actor: Account,
  repository: Repository,
  milestone: Milestone,
  change: MilestoneFields
): Milestone => {
  if (change.title !== undefined) checkTitle(hub, repository, change.title, milestone)
  const state = change.state ?? milestone.state
  const now = hub.now()
  const closedAt = state === "open" ? null : (milestone.closedAt ?? now)
  const after = hub.tables.milestones.update(milestone.id, {
    title: change.title ?? milestone.title,
    description: change.description === undefined ? milestone.description : change.description,
    dueOn: change.dueOn === undefined ? milestone.dueOn : change.dueOn,
    state,
    closedAt,
    updatedAt: now
  })
  const action = state === milestone.state ? "edited" : state === "open" ? "opened" : "closed"
  emit(hub, { event: "milestone", action, actor, repository, detail: { milestoneId: milestone.id } })
  return after
}

/** Removes a milestone; its issues have none afterwards. Part of a change. */
export const deleteMilestone = (hub: Hub, milestone: Milestone): void => {
  for (const issue of hub.tables.issues.where("milestone", milestone.id)) {
    hub.tables.issues.update(issue.id, { milestoneId: null })
  }
  hub.tables.milestones.remove(milestone.id)
}

/** How many issues and pull requests of a milestone are open and closed. */
export const milestoneCounts = (hub: Hub, milestone: Milestone): { readonly open: number; readonly closed: number } => {
  const issues = hub.tables.issues.where("milestone", milestone.id)
  const open = issues.filter((issue) => issue.state === "open").length
  return { open, closed: issues.length - open }
}

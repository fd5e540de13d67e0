import { invalid, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Label, Milestone, Repository } from "../repositories/rows.ts"

const COLOR = /^[0-9a-f]{6}$/i
const NAME_LIMIT = 50
const DESCRIPTION_LIMIT = 100
const DEFAULT_COLOR = "ededed"

/** The label of a name in any case, or 404. */
export const findLabel = (hub: Hub, repository: Repository, name: string): Label => {
  const found = hub.tables.labels.by("name", `${repository.id}/${name.toLowerCase()}`)
  if (found === undefined) throw notFound()
  return found
}

/** The label of a name, made when there is none, as putting a label on an issue does. Part of a change. */
export const ensureLabel = (hub: Hub, repository: Repository, name: string): Label =>
  hub.tables.labels.by("name", `${repository.id}/${name.toLowerCase()}`) ?? createLabel(hub, repository, { name })

export interface NewLabel {
  readonly name: string
  readonly color?: string | undefined
  readonly description?: string | null | undefined
}

const checkLabel = (hub: Hub, repository: Repository, input: Partial<NewLabel>, self?: Label): void => {
  if (input.name !== undefined && (input.name.trim() === "" || input.name.length > NAME_LIMIT)) {
    throw invalid({ resource: "Label", field: "name", code: input.name.trim() === "" ? "missing_field" : "invalid" })
  }
  if (input.color !== undefined && !COLOR.test(input.color)) {
    throw invalid({ resource: "Label", field: "color", code: "invalid", value: input.color })
  }
  if ((input.description?.length ?? 0) > DESCRIPTION_LIMIT) {
    throw invalid({
      resource: "Label",
      field: "description",
      code: "custom",
      message: "description is too long (maximum is 100 characters)"
    })
  }
  if (input.name === undefined) return
  const taken = hub.tables.labels.by("name", `${repository.id}/${input.name.toLowerCase()}`)
  if (taken !== undefined && taken.id !== self?.id) {
    throw invalid({ resource: "Label", field: "name", code: "already_exists", value: input.name })
  }
}

/** Makes a label. Part of a change. */
export const createLabel = (hub: Hub, repository: Repository, input: NewLabel): Label => {
  checkLabel(hub, repository, input)
  const now = hub.now()
  return hub.tables.labels.insert({
    repositoryId: repository.id,
    name: input.name,
    color: (input.color ?? DEFAULT_COLOR).toLowerCase(),
    description: input.description ?? null,
    isDefault: false,
    createdAt: now,
    updatedAt: now
  })
}

/** Changes a label. Part of a change. */
export const updateLabel = (hub: Hub, repository: Repository, label: Label, change: Partial<NewLabel>): Label => {
  checkLabel(hub, repository, change, label)
  return hub.tables.labels.update(label.id, {
    name: change.name ?? label.name,
    color: (change.color ?? label.color).toLowerCase(),
    description: change.description === undefined ? label.description : change.description,
    updatedAt: hub.now()
  })
}

/** Removes a label from the repository and from everything that has it. Part of a change. */
export const deleteLabel = (hub: Hub, repository: Repository, label: Label): void => {
  for (const issue of hub.tables.issues.where("repository", repository.id)) {
    if (!issue.labelIds.includes(label.id)) continue
    hub.tables.issues.update(issue.id, { labelIds: issue.labelIds.filter((id) => id !== label.id) })
  }
  hub.tables.labels.remove(label.id)
}

/** The milestone of a number, or GitHub's 422 as issues answer. */
export const findMilestone = (hub: Hub, repository: Repository, number: number): Milestone => {
  const found = hub.tables.milestones.by("number", `${repository.id}/${number}`)
  if (found === undefined) throw invalid({ resource: "Issue", field: "milestone", code: "invalid", value: number })
  return found
}
